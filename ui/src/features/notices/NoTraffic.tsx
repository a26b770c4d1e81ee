import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Inbox } from 'lucide-react'
import { useClient } from '@/shared/api/context'
import { acceptedFilters } from '@/shared/data/accepted'
import { reportQuery } from '@/shared/data/useReport'
import { moment, filterWords, PRESET_NAMES } from '@/shared/view/words'
import { useZone } from '@/shared/format/zone'
import { EmptyState } from '@/shared/ui/EmptyState'
import { PageLink } from '@/shared/ui/PageLink'
import { useScope, useView, useViewActions } from '@/shared/view/useView'
import { filterCount, isMoving, rangeSeconds, type View } from '@/shared/view/view'
import { bracket } from './bracket'
import styles from './notices.module.css'

function where(view: View): string {
  if (!isMoving(view.range)) return 'in this window'
  return `in the ${PRESET_NAMES[view.range.preset].toLowerCase()}`
}

/** Nothing in the window: says where there is something, and goes there. */
export function NoTraffic() {
  const client = useClient()
  const view = useView()
  const scope = useScope()
  const zone = useZone()
  const { setFilter, setRange } = useViewActions()
  const all = useQuery(
    reportQuery(client, 'overview', {
      start_time: '0',
      end_time: 'now',
      ...acceptedFilters('overview', scope.filters),
    }),
  )
  const newest = all.data?.last_request?.at
  const filtered = filterCount(view.filters) > 0
  if (all.isPending) return null
  if (newest === undefined && !filtered) return <Nothing />
  const words = filterWords(scope)
  return (
    <div className={styles.none}>
      <EmptyState
        icon={<Inbox size={20} aria-hidden="true" />}
        title={`No traffic ${where(view)}${words.length > 0 ? ` for ${words.join(', ')}` : ''}.`}
      >
        {newest !== undefined && <p>The newest request is from {moment(newest, zone)}.</p>}
        <div className={styles.ways}>
          {newest !== undefined && (
            <Button size="xs" onClick={() => setRange(bracket(newest, rangeSeconds(view.range)))}>
              Show it
            </Button>
          )}
          {filtered && (
            <Button size="xs" variant="default" onClick={() => setFilter({})}>
              Without filters
            </Button>
          )}
        </div>
      </EmptyState>
    </div>
  )
}

/** A database that has seen no request yet. */
function Nothing() {
  return (
    <div className={styles.none}>
      <EmptyState icon={<Inbox size={20} aria-hidden="true" />} title="No traffic yet.">
        <p>
          This server has not seen a single request. It reads access logs, Python apps, JSON events and Prometheus
          servers; figures appear here as soon as one of them sends something.
        </p>
        <div className={styles.ways}>
          <PageLink to="/sources" className={styles.primary}>
            Connect a source
          </PageLink>
        </div>
      </EmptyState>
    </div>
  )
}
