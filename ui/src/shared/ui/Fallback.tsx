import { Button } from '@mantine/core'
import { RotateCw, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { explain } from '@/shared/api/errors'
import styles from './Fallback.module.css'

/** What became of a request for figures, so far. */
export interface Outcome<T> {
  readonly data: T | undefined
  readonly error: Error | null
  readonly isPlaceholderData: boolean
  readonly refetch: () => unknown
}

interface FallbackProps<T> {
  readonly outcome: Outcome<T>
  /** Pixels the content will take, so that nothing moves when it comes. */
  readonly height: number
  readonly children: (data: T) => ReactNode
}

/** The content once there are figures; before that a placeholder of its height. Old figures outlive an error. */
export function Fallback<T>({ outcome, height, children }: FallbackProps<T>) {
  if (outcome.data !== undefined) {
    return (
      <>
        {outcome.error !== null && <Outdated error={outcome.error} onRetry={outcome.refetch} />}
        {children(outcome.data)}
      </>
    )
  }
  if (outcome.error !== null) return <Failure error={outcome.error} onRetry={outcome.refetch} height={height} />
  return <div className={styles.skeleton} style={{ height }} role="status" aria-label="Loading" />
}

interface FailureProps {
  readonly error: Error
  readonly onRetry: () => unknown
  readonly height?: number
}

export function Failure({ error, onRetry, height }: FailureProps) {
  const { title, advice } = explain(error)
  return (
    <div className={styles.failure} style={{ minHeight: height }} role="alert">
      <TriangleAlert size={18} aria-hidden="true" />
      <b>{title}</b>
      <p>{advice}</p>
      <Button size="xs" variant="default" leftSection={<RotateCw size={13} />} onClick={() => void onRetry()}>
        Try again
      </Button>
    </div>
  )
}

/** A refresh failed; what is on screen is from before. */
function Outdated({ error, onRetry }: { error: Error; onRetry: () => unknown }) {
  const { title, advice } = explain(error)
  return (
    <div className={styles.outdated} role="status">
      <TriangleAlert size={13} aria-hidden="true" />
      <span title={advice}>{title}. These figures are from before.</span>
      <button type="button" onClick={() => void onRetry()}>
        Try again
      </button>
    </div>
  )
}
