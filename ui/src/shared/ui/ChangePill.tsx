import { ArrowDown, ArrowUp, Equal } from 'lucide-react'
import type { Change } from './change'
import styles from './Card.module.css'

const icons = { up: ArrowUp, down: ArrowDown, same: Equal }
const words = { up: 'up', down: 'down', same: 'unchanged' }

/** Coloured by good or bad, not by up or down. */
export function ChangePill({ change, against }: { change: Change; against: string }) {
  const Icon = icons[change.direction]
  return (
    <span className={styles.pill} data-verdict={change.verdict} title={`Compared with ${against}`}>
      <Icon size={11} strokeWidth={2.4} aria-hidden="true" />
      <span className="visually-hidden">{words[change.direction]} </span>
      {change.text}
    </span>
  )
}
