import type { ErrorGroup } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { count, percent, text } from '@/shared/format/numbers'
import { useZone } from '@/shared/format/zone'
import { Category } from '@/shared/ui/Category'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useViewActions } from '@/shared/view/useView'
import { moment, spaced } from '@/shared/view/words'
import styles from './overview.module.css'

const SHOWN = 10
const ENDPOINTS = 3
const EMPTY_PATH = '(empty path)'
const HEIGHT = 448

function endpointWords(group: ErrorGroup): string {
  const more = group.endpoint_count - Math.min(ENDPOINTS, group.endpoints.length)
  return (
    group.endpoints
      .slice(0, ENDPOINTS)
      .map((endpoint) => endpoint || EMPTY_PATH)
      .join(', ') + (more > 0 ? ` +${more} more` : '')
  )
}

function Group({ group }: { group: ErrorGroup }) {
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
        {endpointWords(group)}
      </span>
      <span className={styles.groupSeen}>last seen {seen}</span>
    </div>
  )
}

/** Errors by type, most frequent first. */
export function ErrorGroups({ className }: { className?: string | undefined }) {
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
                  <Group group={group} />
                </li>
              ))}
            </ul>
          )
        }
      </Fallback>
    </Panel>
  )
}
