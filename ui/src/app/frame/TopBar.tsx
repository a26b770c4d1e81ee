import { ActionIcon, useMantineColorScheme } from '@mantine/core'
import { Clock, Keyboard, Monitor, Moon, Search, Sun } from 'lucide-react'
import { use, type ReactNode } from 'react'
import { KEEP } from '@/shared/theme/keep'
import { zoneName } from '@/shared/format/time'
import { ZoneContext } from '@/shared/format/zone'
import { Choice } from '@/shared/ui/Choice'
import { PageLink } from '@/shared/ui/PageLink'
import { useView } from '@/shared/view/useView'
import { LOGO as Logo } from '../pages'
import styles from './Frame.module.css'

interface TopBarProps {
  readonly onPalette: () => void
  readonly onShortcuts: () => void
  /** The live badge and the export menu. */
  readonly children: ReactNode
}

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent)
const PALETTE_KEYS = mac ? '⌘ K' : 'Ctrl K'

export function TopBar({ onPalette, onShortcuts, children }: TopBarProps) {
  const { filters } = useView()
  const place = [...(filters.workspace_id ?? []), ...(filters.environment ?? [])].join(' · ')
  return (
    <header className={styles.top}>
      <PageLink to="/" className={styles.brand} title="MockForge Traffic Analytics">
        <Logo size={18} aria-hidden="true" />
        <span className={styles.brandName}>MockForge</span>
        <span className={styles.brandPart}>Traffic Analytics</span>
      </PageLink>
      {place !== '' && <span className={styles.scope}>{place}</span>}
      <div className={styles.tools}>
        <button
          type="button"
          className={styles.search}
          onClick={onPalette}
          aria-label={`Search or jump to ${PALETTE_KEYS}`}
        >
          <Search size={14} aria-hidden="true" />
          <span className={styles.searchWords}>Search or jump to</span> <kbd>{PALETTE_KEYS}</kbd>
        </button>
        {children}
        <ZoneMenu />
        <SchemeMenu />
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={onShortcuts}
          aria-label="Keyboard shortcuts"
          className={styles.wideOnly}
        >
          <Keyboard size={16} />
        </ActionIcon>
      </div>
    </header>
  )
}

function ZoneMenu() {
  const { zone, setZone } = use(ZoneContext)
  const zones = [
    ['local', `${zoneName('local')} (local)`],
    ['utc', 'UTC'],
  ] as const
  return (
    <Choice title="Times in" options={zones} value={zone} onChange={setZone}>
      <ActionIcon variant="subtle" color="gray" aria-label={`Times in ${zoneName(zone)}`} className={styles.wideOnly}>
        <Clock size={16} />
      </ActionIcon>
    </Choice>
  )
}

const schemes = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['auto', 'As the system'],
] as const

const schemeIcons = { light: Sun, dark: Moon, auto: Monitor }

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme(KEEP)
  const Icon = schemeIcons[colorScheme]
  return (
    <Choice title="Theme" options={schemes} value={colorScheme} onChange={setColorScheme}>
      <ActionIcon variant="subtle" color="gray" aria-label="Theme">
        <Icon size={16} />
      </ActionIcon>
    </Choice>
  )
}
