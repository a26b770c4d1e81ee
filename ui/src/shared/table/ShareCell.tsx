import type { ReactNode } from 'react'
import { count } from '@/shared/format/numbers'
import styles from './cells.module.css'

interface ShareCellProps {
  readonly value: number
  readonly share: number
  readonly widest: number
  /** Stands before the count: what it is short of. */
  readonly sign?: ReactNode
}

/** A count over a bar of its share in percent; `widest` is the largest share of the column. */
export function ShareCell({ value, share, widest, sign }: ShareCellProps) {
  return (
    <>
      <span
        className={styles.bar}
        style={{ width: `${widest > 0 ? (100 * share) / widest : 0}%` }}
        aria-hidden="true"
      />
      <span className={styles.over}>
        {sign}
        {count(value)}
      </span>
    </>
  )
}
