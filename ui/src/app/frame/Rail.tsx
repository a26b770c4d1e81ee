import { PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { PageLink } from '@/shared/ui/PageLink'
import { PAGES } from '../pages'
import styles from './Frame.module.css'

interface RailProps {
  readonly narrow: boolean
  readonly onNarrow: (narrow: boolean) => void
}

/** The pages, at the left; on phones at the bottom. */
export function Rail({ narrow, onNarrow }: RailProps) {
  const Icon = narrow ? PanelLeftOpen : PanelLeftClose
  return (
    <nav className={styles.rail} aria-label="Pages">
      <ul>
        {PAGES.map((page) => (
          <li key={page.path}>
            <PageLink to={page.path} className={styles.place} title={narrow ? page.title : undefined}>
              <page.icon size={16} aria-hidden="true" />
              <span className={styles.placeName}>{page.title}</span>
            </PageLink>
          </li>
        ))}
      </ul>
      <button type="button" className={styles.narrow} onClick={() => onNarrow(!narrow)}>
        <Icon size={16} aria-hidden="true" />
        <span className={narrow ? 'visually-hidden' : undefined}>{narrow ? 'Widen' : 'Collapse'}</span>
      </button>
    </nav>
  )
}
