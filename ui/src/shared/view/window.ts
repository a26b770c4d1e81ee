import type { Params } from '@/shared/api/params'
import { isMoving, PRESETS, type Range, rangeSeconds, type View } from './view'

const SHORTEST_SECONDS = 60
const LONGEST_SECONDS = 86_400 * 366

/** The parameters of a window. One that ends now is left to the server's clock, which may differ from ours. */
export function windowParams(range: Range): Params {
  return isMoving(range) ? { duration: PRESETS[range.preset] } : { start_time: range.from, end_time: range.to }
}

/** The same window, `offset` seconds earlier. */
export function earlierParams(range: Range, offset: number): Params {
  if (!isMoving(range)) return { start_time: range.from - offset, end_time: range.to - offset }
  return { start_time: `now-${offset + PRESETS[range.preset]}s`, end_time: `now-${offset}s` }
}

export function viewParams(view: View): Params {
  return { ...windowParams(view.range), ...view.filters }
}

/** The window half its length earlier (-1) or later (1), never past `now`. */
export function shifted(range: Range, direction: -1 | 1, now: number): Range {
  const seconds = rangeSeconds(range)
  const end = isMoving(range) ? now : range.to
  const step = Math.round(seconds / 2) * direction
  const to = Math.min(Math.floor(now), Math.floor(end + step))
  return { from: to - seconds, to }
}

/** The window twice or half as long around its middle; one that ends now keeps doing so where a preset fits. */
export function scaled(range: Range, factor: 2 | 0.5, now: number): Range {
  if (isMoving(range)) {
    const lengths = Object.keys(PRESETS) as (keyof typeof PRESETS)[]
    const preset = lengths[lengths.indexOf(range.preset) + (factor === 2 ? 1 : -1)]
    return preset === undefined ? range : { preset }
  }
  const wanted = Math.round((range.to - range.from) * factor)
  const seconds = Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, wanted))
  const middle = (range.from + range.to) / 2
  const to = Math.min(Math.ceil(now), Math.round(middle + seconds / 2))
  return { from: to - seconds, to }
}
