import { useCallback, useMemo } from 'react'
import { useView, useViewActions } from './useView'
import type { Range } from './view'

/** Where zooming came from, newest last. Lives as long as the tab; the address and Back work beside it. */
const trail: Range[] = []
const LONGEST_TRAIL = 50
const SHORTEST_SECONDS = 10

export interface Zoom {
  readonly to: (from: number, to: number) => void
  /** Back to the window before the last zoom. */
  readonly back: () => void
}

export function useZoom(): Zoom {
  const { range } = useView()
  const { setRange } = useViewActions()
  const to = useCallback(
    (from: number, until: number) => {
      trail.push(range)
      if (trail.length > LONGEST_TRAIL) trail.shift()
      const start = Math.floor(from)
      setRange({ from: start, to: Math.max(start + SHORTEST_SECONDS, Math.ceil(until)) })
    },
    [range, setRange],
  )
  const back = useCallback(() => {
    const before = trail.pop()
    if (before !== undefined) setRange(before)
  }, [setRange])
  return useMemo(() => ({ to, back }), [to, back])
}
