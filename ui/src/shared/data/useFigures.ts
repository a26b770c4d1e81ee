import { useMemo } from 'react'
import type { Answer, Meta, Overview, Query, Reports, RequestSeries, Trend } from '@/shared/api/reports'
import type { LiveData } from '@/shared/live/frames'
import { useLiveData } from '@/shared/live/useLive'
import { useScope } from '@/shared/view/useView'
import { useReport } from './useReport'

/** Figures over time with the window they belong to. */
export interface Timeline<T> {
  readonly items: readonly T[]
  readonly start: number
  readonly end: number
  readonly bucketSeconds: number
  /** The instant up to which there are figures; what lies after it has not happened yet. */
  readonly asOf: number
}

export interface Loaded<T> {
  readonly data: T | undefined
  readonly error: Error | null
  readonly isPending: boolean
  readonly isPlaceholderData: boolean
  readonly refetch: () => unknown
}

/** The overview, with the totals of the stream wherever that has seen more. */
export function useOverview(): Loaded<Overview> {
  const query = useReport('overview')
  const live = useLiveData()
  const { data, error, isPending, isPlaceholderData, refetch } = query
  const merged = useMemo(() => {
    if (data === undefined || live === null || live.commit < data.meta.commit) return data
    const meta = { ...data.meta, commit: live.commit, start_time: live.start, end_time: live.end }
    return { ...data, ...live.totals, meta }
  }, [data, live])
  return { data: merged, error, isPending, isPlaceholderData: isPlaceholderData && live === null, refetch }
}

function timeline<T>(meta: Meta, items: readonly T[]): Timeline<T> {
  return {
    items,
    start: meta.start_time,
    end: meta.end_time,
    bucketSeconds: meta.bucket_seconds ?? 60,
    asOf: meta.generated_at,
  }
}

/** The last bucket of a live window is always still filling. */
function liveTimeline<T>(live: LiveData, items: readonly T[]): Timeline<T> {
  const { start, end, bucketSeconds } = live
  return { items, start, end, bucketSeconds, asOf: end - 1 }
}

function useTimeline<A extends Answer, T>(
  query: Loaded<A>,
  answered: (answer: A) => readonly T[],
  live: LiveData | null,
  streamed: ((live: LiveData) => readonly T[]) | null,
): Loaded<Timeline<T>> {
  const { data, error, isPending, isPlaceholderData, refetch } = query
  const ahead = live !== null && streamed !== null && live.commit >= (data?.meta.commit ?? 0)
  const merged = useMemo(() => {
    if (ahead) return liveTimeline(live, streamed(live))
    return data && timeline(data.meta, answered(data))
  }, [ahead, live, streamed, data, answered])
  if (ahead) return { data: merged, error: null, isPending: false, isPlaceholderData: false, refetch }
  return { data: merged, error, isPending, isPlaceholderData, refetch }
}

const answeredSeries = (answer: Reports['requests']): readonly RequestSeries[] => answer.series
const answeredTrends = (answer: Reports['latency']): readonly Trend[] => answer.trends
const streamedSeries = (live: LiveData): readonly RequestSeries[] => live.series
const streamedTrends = (live: LiveData): readonly Trend[] => live.latency

/** Requests over time by protocol; from the stream while it runs. */
export function useProtocolSeries(): Loaded<Timeline<RequestSeries>> {
  const live = useLiveData()
  const { granularity } = useScope()
  const query = useReport('requests', { granularity, group_by: 'protocol' }, { streamed: live !== null })
  return useTimeline(query, answeredSeries, live, streamedSeries)
}

/** Latencies over time; from the stream while it runs. */
export function useLatencyTrend(): Loaded<Timeline<Trend>> {
  const live = useLiveData()
  const { granularity } = useScope()
  const query = useReport('latency', { granularity }, { streamed: live !== null })
  return useTimeline(query, answeredTrends, live, streamedTrends)
}

/** Any other report over time. */
export function useSeries<R extends 'requests' | 'errors/trend'>(
  route: R,
  groupBy: Query<R>['group_by'],
): Loaded<Timeline<RequestSeries>> {
  const { granularity } = useScope()
  const query: Loaded<Reports['requests']> = useReport<'requests' | 'errors/trend'>(route, {
    granularity,
    group_by: groupBy,
  })
  return useTimeline(query, answeredSeries, null, null)
}
