import type { RequestSeries, Trend } from '@/shared/api/reports'
import type { Ghost, Series, TimeModel } from '@/shared/charts/model'
import { colourOf, percentileColour, seriesColour, type Meaning, type Scheme } from '@/shared/theme/colours'
import type { Timeline } from './useFigures'

/** The period of comparison as it came, and how much earlier it is. */
export interface Earlier<T> {
  readonly items: readonly T[]
  readonly offset: number
  readonly label: string
}

function frame<T>(timeline: Timeline<T>, times: readonly number[]): Omit<TimeModel, 'series'> {
  const { start, end, bucketSeconds, asOf } = timeline
  return { times, start, end, bucketSeconds, asOf }
}

/** Times of the buckets; what begins after `asOf` has not happened yet and is a gap. */
function past<T>(timeline: Timeline<T>, times: readonly number[], values: readonly (number | null)[]) {
  return values.map((value, index) => ((times[index] ?? 0) > timeline.asOf ? null : value))
}

function ghostOf<T>(
  base: Omit<TimeModel, 'series'>,
  earlier: Earlier<T> | null,
  read: (items: readonly T[]) => Map<number, number | null>,
): Ghost | undefined {
  if (earlier === null || earlier.items.length === 0) return undefined
  const { bucketSeconds } = base
  const known = read(earlier.items)
  const times = base.times.map((at) => Math.floor((at - earlier.offset) / bucketSeconds) * bucketSeconds)
  const values = times.map((at) => known.get(at) ?? null)
  if (values.every((value) => value === null)) return undefined
  return { label: earlier.label, offset: earlier.offset, times, values }
}

function summed(items: readonly RequestSeries[], read: (point: RequestSeries['data'][number]) => number) {
  const sums = new Map<number, number | null>()
  for (const series of items) {
    for (const point of series.data) sums.set(point.timestamp, (sums.get(point.timestamp) ?? 0) + read(point))
  }
  return sums
}

const OTHER = '(other)'

function colourOfSeries(meaning: Meaning | null, label: string, index: number, scheme: Scheme): string {
  return meaning === null || label === OTHER
    ? seriesColour(label === OTHER ? -1 : index, scheme)
    : colourOf(meaning, label, scheme)
}

export interface Cut {
  /** What the labels of the series are; null for anything without colours of its own. */
  readonly meaning: Meaning | null
  readonly value: 'requests_per_second' | 'value' | 'error_count'
  readonly name?: (label: string) => string
}

/** Series over time, one a label. */
export function seriesModel(
  timeline: Timeline<RequestSeries>,
  cut: Cut,
  scheme: Scheme,
  earlier: Earlier<RequestSeries> | null = null,
): TimeModel {
  const times = timeline.items[0]?.data.map((point) => point.timestamp) ?? []
  const base = frame(timeline, times)
  const series = timeline.items.map((item, index): Series => {
    const values = item.data.map((point) => point[cut.value])
    const colour = colourOfSeries(cut.meaning, item.label, index, scheme)
    return { label: cut.name?.(item.label) ?? item.label, colour, values: past(timeline, times, values) }
  })
  return { ...base, series, ghost: ghostOf(base, earlier, (items) => summed(items, (point) => point[cut.value])) }
}

/** Errors in percent of the requests; a gap where there are no requests. */
export function errorRateModel(
  timeline: Timeline<RequestSeries>,
  colour: string,
  earlier: Earlier<RequestSeries> | null = null,
): TimeModel {
  const rates = (items: readonly RequestSeries[]): Map<number, number | null> => {
    const requests = summed(items, (point) => point.value)
    const errors = summed(items, (point) => point.error_count)
    return new Map(
      [...requests].map(([at, total]) => [
        at,
        total === null || total === 0 ? null : (100 * (errors.get(at) ?? 0)) / total,
      ]),
    )
  }
  const times = timeline.items[0]?.data.map((point) => point.timestamp) ?? []
  const base = frame(timeline, times)
  const now = rates(timeline.items)
  const values = past(
    timeline,
    times,
    times.map((at) => now.get(at) ?? null),
  )
  const series = times.length === 0 ? [] : [{ label: 'Error rate', colour, values }]
  return { ...base, series, ghost: ghostOf(base, earlier, rates) }
}

const LINES = [
  ['p99', 'P99'],
  ['p95', 'P95'],
  ['p50', 'P50 (median)'],
  ['avg', 'Average'],
] as const

/** Percentiles and the average; a gap where no latency is known. */
export function latencyModel(
  timeline: Timeline<Trend>,
  scheme: Scheme,
  earlier: Earlier<Trend> | null = null,
): TimeModel {
  const times = timeline.items.map((item) => item.timestamp)
  const base = frame(timeline, times)
  const known = timeline.items.some((item) => item.latency_count > 0)
  const series = LINES.map(([key, label]): Series => {
    const values = timeline.items.map((item) => (item.latency_count > 0 ? item[key] : null))
    const line = { label, colour: percentileColour(key, scheme), values }
    return key === 'avg' ? { ...line, dashed: true } : line
  })
  const p95 = (items: readonly Trend[]): Map<number, number | null> =>
    new Map(items.map((item) => [item.timestamp, item.latency_count > 0 ? item.p95 : null]))
  return { ...base, series: known ? series : [], ghost: ghostOf(base, earlier, p95) }
}
