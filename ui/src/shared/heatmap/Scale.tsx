import { STEPS, type Metric } from './week'
import { stepName } from './words'
import styles from './Heatmap.module.css'

/** What the colours stand for, in numbers. */
export function Scale({ largest, metric }: { largest: number; metric: Metric }) {
  return (
    <div className={styles.scale} aria-hidden="true">
      <span>Less</span>
      {Array.from({ length: STEPS + 1 }, (_, step) => (
        <span key={step} className={styles.stepped}>
          <span className={styles.key} data-step={step} />
          <span className={styles.bound}>{stepName(step, largest, metric)}</span>
        </span>
      ))}
      <span>More{metric === 'requests' ? ' (requests an hour)' : ''}</span>
    </div>
  )
}
