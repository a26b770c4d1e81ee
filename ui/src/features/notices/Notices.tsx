import { Info } from 'lucide-react'
import { useOverview } from '@/shared/data/useFigures'
import { Failure } from '@/shared/ui/Fallback'
import { NoTraffic } from './NoTraffic'
import styles from './notices.module.css'

/** What the reader must know before the figures: that there are none, or that they are not complete. */
export function Notices() {
  const { data, error, isPlaceholderData, refetch } = useOverview()
  if (data === undefined) {
    return error === null ? null : (
      <div className={styles.error}>
        <Failure error={error} onRetry={refetch} />
      </div>
    )
  }
  return (
    <>
      {data.meta.warnings.length > 0 && (
        <ul className={styles.warnings} aria-label="About these figures">
          {data.meta.warnings.map((warning) => (
            <li key={warning}>
              <Info size={14} aria-hidden="true" />
              {warning}
            </li>
          ))}
        </ul>
      )}
      {data.total_requests === 0 && !isPlaceholderData && <NoTraffic />}
    </>
  )
}
