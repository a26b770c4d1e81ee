import {
  isMoving,
  OF_CLIENTS,
  OF_ERRORS,
  PRESETS,
  rangeSeconds,
  without,
  type Filters,
  type Range,
  type View,
} from './view'

export interface WindowParams {
  readonly start_time?: string
  readonly end_time?: string
  readonly duration?: string
}

const SHORTEST_SECONDS = 60
const LONGEST_SECONDS = 86_400 * 366

/** The parameters of a window. One that ends now is left to the server's clock, which may differ from ours. */
export function windowParams(range: Range): WindowParams {
  if (isMoving(range)) return { duration: String(PRESETS[range.preset]) }
  return { start_time: String(range.from), end_time: String(range.to) }
}

/** The same window, `offset` seconds earlier. */
export function earlierParams(range: Range, offset: number): WindowParams {
  if (!isMoving(range)) return { start_time: String(range.from - offset), end_time: String(range.to - offset) }
  return { start_time: `now-${offset + PRESETS[range.preset]}s`, end_time: `now-${offset}s` }
}

/** What any report of a view is asked with: the window, and the filters of requests. */
export function viewParams(view: View): WindowParams & Filters {
  return { ...windowParams(view.range), ...without(view.filters, [...OF_ERRORS, ...OF_CLIENTS]) }
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
