import { CircleCheck, CircleX, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Figure } from '@/shared/format/numbers'
import type { Change } from './change'
import { ChangePill } from './ChangePill'
import { Sparkline } from './Sparkline'
import { useTip } from './useTip'
import styles from './Card.module.css'

export type Level = 'good' | 'warn' | 'bad'

/** Below `warn` a figure is good, from `bad` on it is bad. */
export interface Thresholds {
  readonly warn: number
  readonly bad: number
}

export function levelOf(value: number | null, thresholds: Thresholds | undefined): Level | null {
  if (value === null || thresholds === undefined) return null
  if (value < thresholds.warn) return 'good'
  return value < thresholds.bad ? 'warn' : 'bad'
}

const signs: Record<Level, { icon: LucideIcon; words: string }> = {
  good: { icon: CircleCheck, words: 'good' },
  warn: { icon: TriangleAlert, words: 'raised' },
  bad: { icon: CircleX, words: 'too high' },
}

export interface CardProps {
  readonly label: string
  readonly icon: LucideIcon
  /** undefined while loading. */
  readonly figure: Figure | undefined
  readonly detail?: ReactNode
  readonly level?: Level | null
  readonly change?: Change | null
  readonly against: string
  readonly course?: readonly (number | null)[] | undefined
  /** What the figure means, in a sentence. */
  readonly meaning: string
  /** Where its chart is. */
  readonly anchor: string
  readonly size?: 'large' | 'small'
}

export function Card(props: CardProps) {
  const { label, icon: Icon, figure, detail, level = null, change = null, against, course, meaning, anchor } = props
  const { size = 'large' } = props
  const { props: explained, tip } = useTip(meaning)
  const Sign = level === null ? null : signs[level].icon
  return (
    <>
      <button
        type="button"
        {...explained}
        className={styles.card}
        data-size={size}
        data-level={level ?? undefined}
        onClick={() => document.getElementById(anchor)?.scrollIntoView({ behavior: 'smooth', block: 'start' })}
      >
        <span className={styles.label}>
          <Icon size={13} aria-hidden="true" />
          {label}
          {Sign !== null && level !== null && (
            <span className={styles.sign} data-level={level}>
              <Sign size={13} aria-hidden="true" />
              <span className="visually-hidden">{signs[level].words}</span>
            </span>
          )}
        </span>
        {figure === undefined ? (
          <span className={styles.waiting} role="status" aria-label={`Loading ${label}`} />
        ) : (
          <span className={styles.value}>
            {figure.value}
            {figure.unit !== '' && <small>{figure.unit}</small>}
            {detail}
          </span>
        )}
        <span className={styles.foot}>{change !== null && <ChangePill change={change} against={against} />}</span>
        {course !== undefined && <Sparkline values={course} className={styles.course} />}
      </button>
      {tip}
    </>
  )
}
