import { milliseconds, UNKNOWN } from '@/shared/format/numbers'

/** A latency; a dash where none is known. */
export function LatencyCell({ value, known }: { value: number; known: boolean }) {
  if (!known) return <>{UNKNOWN}</>
  const figure = milliseconds(value)
  return (
    <>
      {figure.value} <small className="unit">{figure.unit}</small>
    </>
  )
}
