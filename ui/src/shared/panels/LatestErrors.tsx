import type { ErrorEvent } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { UNKNOWN } from '@/shared/format/numbers'
import { time } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { Fallback } from '@/shared/ui/Fallback'
import { PageLink } from '@/shared/ui/PageLink'
import { Panel } from '@/shared/ui/Panel'
import { StatusCode } from '@/shared/ui/StatusCode'
import { pathName, spaced } from '@/shared/view/words'
import styles from './LatestErrors.module.css'

const MOST = 14
const HEIGHT = 448

interface EventProps {
  readonly event: ErrorEvent
  readonly onEndpoint: boolean
}

/** Where it happened, as a link to there; on the page of the endpoint itself, to whom and with what words. */
function Where({ event, onEndpoint }: EventProps) {
  const { endpoint, protocol, method, client_ip: client, error_message: message } = event
  if (onEndpoint) {
    const words = [client, message].filter((part) => part !== null).join(' · ') || UNKNOWN
    return (
      <span className={styles.where} title={words}>
        {words}
      </span>
    )
  }
  const words = `${method ?? protocol} ${endpoint === null ? UNKNOWN : pathName(endpoint)}`
  if (endpoint === null || endpoint === '') return <span className={styles.where}>{words}</span>
  return (
    <PageLink
      to="/endpoint"
      about={{ path: endpoint, on: protocol, ...(method === null ? {} : { verb: method }) }}
      className={styles.where}
      title={words}
    >
      {words}
    </PageLink>
  )
}

function Event({ event, onEndpoint }: EventProps) {
  const zone = useZone()
  return (
    <div className={styles.event}>
      <span className={styles.time}>{time(Date.parse(event.timestamp) / 1000, 'second', zone)}</span>
      <StatusCode code={event.status_code} />
      <Where event={event} onEndpoint={onEndpoint} />
      <span className={styles.what}>{spaced(event.error_type ?? 'unknown')}</span>
    </div>
  )
}

interface LatestErrorsProps {
  readonly className?: string | undefined
  /** Rows to show at most. */
  readonly most?: number
  /** It stands on the page of an endpoint, which need not be named again. */
  readonly onEndpoint?: boolean
}

/** The newest single errors; a sample, which the errors page says more about. */
export function LatestErrors({ className, most = MOST, onEndpoint = false }: LatestErrorsProps) {
  const outcome = useReport('errors/events', { limit: MOST })
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
              {events.slice(0, most).map((event) => (
                <li key={event.id}>
                  <Event event={event} onEndpoint={onEndpoint} />
                </li>
              ))}
            </ul>
          )
        }
      </Fallback>
    </Panel>
  )
}
