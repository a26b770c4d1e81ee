import type { ErrorGroup } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { LatestErrors } from '@/shared/panels/LatestErrors'
import { count, percent, text } from '@/shared/format/numbers'
import { useZone } from '@/shared/format/zone'
import { Category } from '@/shared/ui/Category'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useViewActions } from '@/shared/view/useView'
import { moment, pathName, spaced } from '@/shared/view/words'
import styles from './overview.module.css'

const SHOWN = 10
const ENDPOINTS = 3
const HEIGHT = 448
const GROUP_PIXELS = 47
const EVENT_PIXELS = 32
const MOST_EVENTS = 14
const FEWEST_EVENTS = 4
/** With this many types or fewer there is room to give each endpoint a line of its own. */
const FEW = 3
const FEW_ENDPOINTS = 6
const LINE_PIXELS = 17

function lines(group: ErrorGroup, few: boolean): string[] {
  const most = few ? FEW_ENDPOINTS : ENDPOINTS
  const names = group.endpoints.slice(0, most).map(pathName)
  const more = group.endpoint_count - names.length
  const all = more > 0 ? [...names, `+${more} more`] : names
  // In one line, what is left out follows without a comma.
  return few ? all : [names.join(', ') + (more > 0 ? ` +${more} more` : '')]
}

/** Errors by type, and beside them as many single ones as take the same room. */
export function Errors({ className }: { className?: string | undefined }) {
  const { data } = useReport('errors', { limit: SHOWN })
  const groups = data?.errors ?? []
  const few = groups.length <= FEW
  const extra = few ? groups.reduce((sum, group) => sum + LINE_PIXELS * (lines(group, few).length - 1), 0) : 0
  const pixels = groups.length * GROUP_PIXELS + extra
  const fitting = Math.round(pixels / EVENT_PIXELS)
  const most = groups.length === 0 ? MOST_EVENTS : Math.min(MOST_EVENTS, Math.max(FEWEST_EVENTS, fitting))
  return (
    <>
      <ErrorGroups className={className} />
      <LatestErrors className={className} most={most} />
    </>
  )
}

function Group({ group, few }: { group: ErrorGroup; few: boolean }) {
  const zone = useZone()
  const { toggle } = useViewActions()
  const seen = moment(Date.parse(group.last_occurrence) / 1000, zone)
  return (
    <div className={styles.group}>
      <span className={styles.groupName}>
        <button type="button" onClick={() => toggle('error_type', group.error_type)} title="Show only this error">
          {spaced(group.error_type)}
        </button>
        <Category name={group.error_category} />
      </span>
      <span className={styles.groupCount}>
        {count(group.count)} <small>{text(percent(group.share, 1))}</small>
      </span>
      <span className={styles.groupWhere} title={group.endpoints.join('\n')}>
        {lines(group, few).map((line) => (
          <span key={line}>{line}</span>
        ))}
      </span>
      <span className={styles.groupSeen}>last seen {seen}</span>
    </div>
  )
}

/** Errors by type, most frequent first. */
function ErrorGroups({ className }: { className?: string | undefined }) {
  const outcome = useReport('errors', { limit: SHOWN })
  return (
    <Panel title="Errors by type" className={className} stale={outcome.isPlaceholderData}>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ errors }) =>
          errors.length === 0 ? (
            <p className={styles.nothing}>No errors in the selected time range</p>
          ) : (
            <ul className={styles.groups}>
              {errors.slice(0, SHOWN).map((group) => (
                <li key={`${group.error_type} ${group.error_category}`}>
                  <Group group={group} few={errors.length <= FEW} />
                </li>
              ))}
            </ul>
          )
        }
      </Fallback>
    </Panel>
  )
}
