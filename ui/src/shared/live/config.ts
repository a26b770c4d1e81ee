import { isMoving, rangeSeconds, type Dimension, type View } from '@/shared/view/view'
import type { StreamConfig } from './stream'

/** Filters a stream can be asked for. */
const STREAMED: readonly Dimension[] = ['protocol', 'endpoint', 'method', 'status_code', 'workspace_id', 'environment']

const INTERVAL_SECONDS = 1

/** What to ask the stream for; null where it cannot show this view: a window that stands still, another filter. */
export function streamConfig(view: View): StreamConfig | null {
  if (!isMoving(view.range)) return null
  const entries = Object.entries(view.filters) as [Dimension, readonly string[]][]
  if (entries.some(([name]) => !STREAMED.includes(name))) return null
  return {
    frames: 'delta',
    interval_seconds: INTERVAL_SECONDS,
    duration_seconds: rangeSeconds(view.range),
    granularity: view.granularity,
    group_by: 'protocol',
    ...Object.fromEntries(entries),
  }
}
