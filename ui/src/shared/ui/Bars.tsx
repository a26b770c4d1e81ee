import { Filter, FilterX } from 'lucide-react'
import type { ReactNode } from 'react'
import { count, percent, text } from '@/shared/format/numbers'
import type { Change } from './change'
import { ChangePill } from './ChangePill'
import styles from './Bars.module.css'

export interface Bar {
  readonly key: string
  readonly label: ReactNode
  readonly name: string
  readonly colour?: string
  readonly value: number
  /** Percent of all. */
  readonly share: number
  readonly note?: ReactNode
  /** Against the period of comparison; null where that is not known. */
  readonly change?: Change | null
}

interface BarsProps {
  readonly bars: readonly Bar[]
  readonly active?: readonly string[] | undefined
  /** Called with the key of the bar the reader wants to see alone. */
  readonly onPick?: ((key: string) => void) | undefined
  /** Called with the key of the bar the reader wants to see no more. */
  readonly onDrop?: ((key: string) => void) | undefined
  /** What changes are against, in words; undefined where nothing is compared. */
  readonly against?: string | undefined
  readonly empty: string
}

/** A short list of what there is, longest first, with the share as a bar behind each line. */
export function Bars({ bars, active = [], onPick, onDrop, against, empty }: BarsProps) {
  if (bars.length === 0) return <p className={styles.empty}>{empty}</p>
  const widest = Math.max(...bars.map((bar) => bar.share), Number.EPSILON)
  return (
    <ul className={styles.bars}>
      {bars.map((bar) => (
        <li key={bar.key}>
          <button
            type="button"
            className={styles.bar}
            disabled={onPick === undefined}
            aria-pressed={onPick === undefined ? undefined : active.includes(bar.key)}
            onClick={() => onPick?.(bar.key)}
            title={onPick === undefined ? undefined : `Show only ${bar.name}`}
          >
            <span className={styles.fill} style={{ width: `${(100 * bar.share) / widest}%` }} />
            {bar.colour !== undefined && <span className={styles.dot} style={{ background: bar.colour }} />}
            <span className={styles.label}>{bar.label}</span>
            {onPick !== undefined && <Filter size={11} className={styles.icon} aria-hidden="true" />}
            {bar.note !== undefined && <span className={styles.note}>{bar.note}</span>}
            <span className={styles.count}>{count(bar.value)}</span>
            <span className={styles.share}>{text(percent(bar.share, 1))}</span>
            {against !== undefined && (
              <span className={styles.change}>
                {bar.change !== undefined && bar.change !== null && (
                  <ChangePill change={bar.change} against={against} />
                )}
              </span>
            )}
          </button>
          {onDrop !== undefined && (
            <button
              type="button"
              className={styles.drop}
              onClick={() => onDrop(bar.key)}
              aria-label={`Filter out ${bar.name}`}
              title="Filter out"
            >
              <FilterX size={12} />
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
