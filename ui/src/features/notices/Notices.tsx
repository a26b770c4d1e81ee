import { Info } from 'lucide-react'
import { useOverview } from '@/shared/data/useFigures'
import { Failure } from '@/shared/ui/Fallback'
import { NoTraffic } from './NoTraffic'
import styles from './notices.module.css'

/** Of one card, which shows a dash then; all other figures are whole. */
const OF_THE_CARD = /^active connections are left out/

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

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
  const warnings = data.meta.warnings.filter((warning) => !OF_THE_CARD.test(warning))
  return (
    <>
      {warnings.length > 0 && (
        <ul className={styles.warnings} aria-label="About these figures">
          {warnings.map((warning) => (
            <li key={warning}>
              <Info size={14} aria-hidden="true" />
              {sentence(warning)}
            </li>
          ))}
        </ul>
      )}
      {data.total_requests === 0 && !isPlaceholderData && <NoTraffic />}
    </>
  )
}
