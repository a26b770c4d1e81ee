import { useDisclosure, useLocalStorage } from '@mantine/hooks'
import { Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useRef } from 'react'
import { ExportMenu } from '@/features/export/ExportMenu'
import { FilterBar } from '@/features/filters/FilterBar'
import { LiveBadge } from '@/features/live/LiveBadge'
import { Notices } from '@/features/notices/Notices'
import { useFollow } from '@/shared/data/useFollow'
import { SignOut } from '@/features/session/SignOut'
import { useStanding } from '@/shared/data/useSession'
import { useStreamScope } from '@/shared/live/useLive'
import { useShortcuts } from '../palette/useShortcuts'
import { PAGES } from '../pages'
import { Rail } from './Rail'
import { TopBar } from './TopBar'
import { useTitle } from './useTitle'
import styles from './Frame.module.css'
import { load } from '@/shared/ui/load'

const SignIn = lazy(() =>
  load(() => import('@/features/session/SignIn')).then((module) => ({ default: module.SignIn })),
)
const Palette = lazy(() => load(() => import('../palette/Palette')).then((module) => ({ default: module.Palette })))
const Shortcuts = lazy(() =>
  load(() => import('../palette/Shortcuts')).then((module) => ({ default: module.Shortcuts })),
)

/** Pages that show the traffic of the view; the others have no use for its window. */
function usesView(path: string): boolean {
  return path !== '/sources'
}

export function Frame() {
  const [narrow, setNarrow] = useLocalStorage({ key: 'mockforge-analytics.narrow', defaultValue: false })
  const [palette, paletteDo] = useDisclosure(false)
  const [sheet, sheetDo] = useDisclosure(false)
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const standing = useStanding()
  const open = standing === 'in'
  useStreamScope(open)
  useFollow()
  useShortcuts({ onPalette: paletteDo.open, onSheet: sheetDo.toggle })
  useTitle(PAGES.find((page) => page.path === pathname)?.title ?? 'Endpoint')
  return (
    <div className={styles.frame} data-narrow={narrow || undefined}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the figures
      </button>
      <TopBar onPalette={paletteDo.open} onShortcuts={sheetDo.open}>
        <LiveBadge />
        <ExportMenu />
        <SignOut />
      </TopBar>
      <Rail narrow={narrow} onNarrow={setNarrow} />
      <main ref={main} className={styles.main} tabIndex={-1}>
        {usesView(pathname) && open && <FilterBar />}
        <div className={styles.content}>
          {standing === 'out' && (
            <Suspense>
              <SignIn />
            </Suspense>
          )}
          {open && (
            <>
              {usesView(pathname) && <Notices />}
              <Outlet />
            </>
          )}
        </div>
      </main>
      <Suspense>
        {palette && <Palette onClose={paletteDo.close} onSheet={sheetDo.open} />}
        {sheet && <Shortcuts onClose={sheetDo.close} />}
      </Suspense>
    </div>
  )
}
