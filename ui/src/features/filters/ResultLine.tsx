import { useOverview } from '@/shared/data/useFigures'
import { quantity } from '@/shared/format/numbers'
import { period } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { useScope } from '@/shared/view/useView'
import { against, filterWords, rangeLength } from '@/shared/view/words'
import styles from './filters.module.css'

/** What is on screen, in words. */
export function ResultLine() {
  const view = useScope()
  const zone = useZone()
  const { data, isPlaceholderData } = useOverview()
  const parts = [
    ...(data === undefined ? [] : [quantity(data.total_requests, 'request')]),
    rangeLength(view.range),
    ...filterWords(view),
    ...(view.compare === 'off' ? [] : [`compared with ${against(view)}`]),
  ]
  const window = data === undefined ? null : period(data.meta.start_time, data.meta.end_time, zone)
  return (
    <p className={styles.result} aria-busy={isPlaceholderData}>
      {parts.join(' · ')}
      {window !== null && <span className={styles.window}>{window}</span>}
    </p>
  )
}
