import type { Latency, Point, RequestSeries, Trend } from '@/shared/api/reports'

/** The totals of a frame: those of the overview that move. */
export interface LiveTotals extends Latency {
  total_requests: number
  total_errors: number
  error_rate: number
  active_connections: number
  requests_per_second: number
  total_bytes_sent: number
  total_bytes_received: number
}

interface Moved {
  commit: number
  start_time: number
  end_time: number
  overview: LiveTotals
}

export interface SnapshotFrame extends Moved {
  type: 'snapshot'
  bucket_seconds: number
  granularity: string
  series: RequestSeries[]
  latency: Trend[]
}

export interface DeltaFrame extends Moved {
  type: 'delta'
  from_commit: number
  /** What to add, by series and bucket. */
  series: { label: string; data: { timestamp: number; value: number; error_count: number }[] }[]
  /** The new state of every bucket that changed. */
  latency: Trend[]
}

export interface TickFrame extends Moved {
  type: 'tick'
}

export interface ErrorFrame {
  type: 'error'
  field: string | null
  error: string
}

export type Frame = SnapshotFrame | DeltaFrame | TickFrame | ErrorFrame

/** The window as of `commit`. Its arrays are as long as the window, however long it is kept up. */
export interface LiveData {
  readonly commit: number
  readonly start: number
  readonly end: number
  readonly bucketSeconds: number
  readonly granularity: string
  readonly totals: LiveTotals
  readonly series: readonly RequestSeries[]
  readonly latency: readonly Trend[]
}

const TYPES: readonly unknown[] = ['snapshot', 'delta', 'tick', 'error']

export function parseFrame(text: string): Frame | null {
  try {
    const frame: unknown = JSON.parse(text)
    const known = typeof frame === 'object' && frame !== null && 'type' in frame && TYPES.includes(frame.type)
    return known ? (frame as Frame) : null
  } catch {
    return null
  }
}

function bucketStarts(start: number, end: number, width: number): number[] {
  const first = Math.floor(start / width) * width
  return Array.from({ length: Math.max(0, Math.ceil((end - first) / width)) }, (_, index) => first + index * width)
}

function rated(point: Omit<Point, 'requests_per_second'>, data: Omit<LiveData, 'series' | 'latency'>): Point {
  const from = Math.max(point.timestamp, data.start)
  const to = Math.min(point.timestamp + data.bucketSeconds, data.end)
  return { ...point, requests_per_second: point.value / Math.max(1, to - from) }
}

type Increments = DeltaFrame['series']

function addedSeries(before: LiveData, data: Omit<LiveData, 'series' | 'latency'>, added: Increments): RequestSeries[] {
  const starts = bucketStarts(data.start, data.end, data.bucketSeconds)
  const known = new Map(before.series.map((series) => [series.label, series.data]))
  const more = new Map(added.map((series) => [series.label, series.data]))
  const labels = [...new Set([...known.keys(), ...more.keys()])]
  return labels.map((label) => {
    const old = new Map(known.get(label)?.map((point) => [point.timestamp, point]))
    const plus = new Map(more.get(label)?.map((point) => [point.timestamp, point]))
    const points = starts.map((timestamp) => {
      const value = (old.get(timestamp)?.value ?? 0) + (plus.get(timestamp)?.value ?? 0)
      const errors = (old.get(timestamp)?.error_count ?? 0) + (plus.get(timestamp)?.error_count ?? 0)
      return rated({ timestamp, value, error_count: errors }, data)
    })
    return { label, data: points, total: points.reduce((sum, point) => sum + point.value, 0) }
  })
}

const EMPTY = { p50: 0, p95: 0, p99: 0, avg: 0, min: 0, max: 0, latency_count: 0, request_count: 0 }

function movedLatency(
  before: LiveData,
  data: Omit<LiveData, 'series' | 'latency'>,
  changed: readonly Trend[],
): Trend[] {
  const known = new Map([...before.latency, ...changed].map((item) => [item.timestamp, item]))
  const starts = bucketStarts(data.start, data.end, data.bucketSeconds)
  return starts.map((timestamp) => known.get(timestamp) ?? { timestamp, ...EMPTY })
}

/**
 * The state after `frame`. A delta that does not start where we stand is not applied: the server sends a snapshot
 * after every gap, and until then the old state stays.
 */
export function applyFrame(before: LiveData | null, frame: Exclude<Frame, ErrorFrame>): LiveData | null {
  if (frame.type === 'snapshot') {
    const { commit, start_time: start, end_time: end, bucket_seconds: bucketSeconds, granularity } = frame
    const { overview: totals, series, latency } = frame
    return { commit, start, end, bucketSeconds, granularity, totals, series, latency }
  }
  if (before === null) return null
  if (frame.type === 'delta' && frame.from_commit !== before.commit) return before
  const moved = {
    ...before,
    commit: frame.commit,
    start: frame.start_time,
    end: frame.end_time,
    totals: frame.overview,
  }
  const delta = frame.type === 'delta'
  return {
    ...moved,
    series: addedSeries(before, moved, delta ? frame.series : []),
    latency: movedLatency(before, moved, delta ? frame.latency : []),
  }
}
