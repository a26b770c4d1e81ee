import type { Metric } from './week'
import { figure } from './words'
import styles from './Heatmap.module.css'

const STEPS = [1, 2, 3, 4, 5]

/** What the colours stand for, in numbers. */
export function Scale({ largest, metric }: { largest: number; metric: Metric }) {
  const unit = metric === 'requests' ? ' requests an hour' : ''
  return (
    <div className={styles.scale} aria-hidden="true">
      <span>Less</span>
      <span className={styles.key} data-step={0} />
      <span className={styles.bound}>0</span>
      {STEPS.map((step) => (
        <span key={step} className={styles.stepped}>
          <span className={styles.key} data-step={step} />
          <span className={styles.bound}>
            {largest > 0 ? `≤ ${figure((largest * step) / STEPS.length, metric)}` : ''}
          </span>
        </span>
      ))}
      <span>More{unit === '' ? '' : ` (${unit.trim()})`}</span>
    </div>
  )
}
