import type { ErrorEvent } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { time } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { Fallback } from '@/shared/ui/Fallback'
import { PageLink } from '@/shared/ui/PageLink'
import { Panel } from '@/shared/ui/Panel'
import { StatusCode } from '@/shared/ui/StatusCode'
import { spaced } from '@/shared/view/words'
import styles from './LatestErrors.module.css'

const SHOWN = 14
const HEIGHT = 448

function Event({ event }: { event: ErrorEvent }) {
  const zone = useZone()
  const where = `${event.method ?? event.protocol} ${event.endpoint ?? '–'}`
  return (
    <div className={styles.event}>
      <span className={styles.time}>{time(Date.parse(event.timestamp) / 1000, 'second', zone)}</span>
      <StatusCode code={event.status_code} />
      <span className={styles.where} title={where}>
        {where}
      </span>
      <span className={styles.what}>{spaced(event.error_type ?? 'unknown')}</span>
    </div>
  )
}

/** The newest single errors; a sample, which the errors page says more about. */
export function LatestErrors({ className }: { className?: string | undefined }) {
  const outcome = useReport('errors/events', { limit: SHOWN })
  return (
    <Panel
      title="Latest errors"
      className={className}
      stale={outcome.isPlaceholderData}
      actions={
        <PageLink to="/errors" className="more">
          All errors
        </PageLink>
      }
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ events }) =>
          events.length === 0 ? (
            <p className={styles.nothing}>No errors in this window</p>
          ) : (
            <ul className={styles.events}>
              {events.map((event) => (
                <li key={event.id}>
                  <Event event={event} />
                </li>
              ))}
            </ul>
          )
        }
      </Fallback>
    </Panel>
  )
}
