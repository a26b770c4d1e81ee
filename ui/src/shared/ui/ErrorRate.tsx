import { TriangleAlert } from 'lucide-react'
import { percent, text } from '@/shared/format/numbers'
import styles from './ErrorRate.module.css'

const WARN = 1
const BAD = 5

/** An error rate in percent: quiet while good, with a sign when it is not. */
export function ErrorRate({ value }: { value: number }) {
  const level = value >= BAD ? 'bad' : value >= WARN ? 'warn' : 'good'
  return (
    <span className={styles.rate} data-level={level}>
      {level !== 'good' && <TriangleAlert size={11} aria-label={level === 'bad' ? 'too high' : 'raised'} />}
      {text(percent(value))}
    </span>
  )
}
