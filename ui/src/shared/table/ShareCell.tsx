import { count } from '@/shared/format/numbers'
import styles from './cells.module.css'

/** A count over a bar of its share in percent; `widest` is the largest share of the column. */
export function ShareCell({ value, share, widest }: { value: number; share: number; widest: number }) {
  return (
    <>
      <span
        className={styles.bar}
        style={{ width: `${widest > 0 ? (100 * share) / widest : 0}%` }}
        aria-hidden="true"
      />
      <span className={styles.over}>{count(value)}</span>
    </>
  )
}
