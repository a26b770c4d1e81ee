import type { components, paths } from './schema.gen'

/**
 * What the server answers, as its OpenAPI says (`schema.gen.ts` is made from it). Percent run from 0 to 100, times are
 * Unix seconds, latencies milliseconds; latencies are 0 where `latency_count` is 0, which means unknown.
 */
type Schemas = components['schemas']

export type Meta = Schemas['Meta']
export type Overview = Schemas['OverviewData']
export type TopEndpoint = Schemas['TopEndpoint']
export type ProtocolRow = Schemas['TopProtocol']
export type StatusRow = Schemas['StatusCodeItem']
export type RequestSeries = Schemas['SeriesItem']
export type Point = Schemas['SeriesPoint']
export type Trend = Schemas['LatencyTrend']
export type DistributionBucket = Schemas['DistributionBucket']
export type ErrorGroup = Schemas['ErrorItem']
export type ErrorEvent = Schemas['ErrorEventItem']
export type EndpointRow = Schemas['EndpointItem']
export type ClientRow = Schemas['ClientItem']
export type EndpointClients = Schemas['EndpointClientsData']
export type EndpointClientRow = Schemas['EndpointClientItem']
export type Slot = Schemas['WeekItem']
export type PatternRow = Schemas['PatternItem']
export type Peak = Schemas['PeakData']
export type Peaks = Schemas['PeaksData']
export type DimensionValue = Schemas['ValueItem']
export type Status = Schemas['StatusData']
export type SourceRow = Schemas['SourceItem']
export type RejectedSample = Schemas['SampleItem']
export type TierRow = Schemas['TierItem']
export type Hold = Schemas['HoldItem']

export type Latency = Pick<
  Overview,
  | 'latency_count'
  | 'avg_latency_ms'
  | 'p50_latency_ms'
  | 'p95_latency_ms'
  | 'p99_latency_ms'
  | 'min_latency_ms'
  | 'max_latency_ms'
>

export interface Answer {
  meta: Meta
}

type Base = '/api/v2/analytics/'

/** A report under the base path, such as `errors/events`. */
export type Route = {
  [P in keyof paths]: P extends `${Base}${infer R}`
    ? paths[P] extends { get: { responses: { 200: { content: { 'application/json': { data: object | null } } } } } }
      ? R
      : never
    : never
}[keyof paths]

type Get<R extends Route> = paths[`${Base}${R}`]['get']

/** The `data` of a report's answer. */
export type Reports = {
  [R in Route]: NonNullable<Get<R>['responses'][200]['content']['application/json']['data']>
}

type Loose<T> = T extends readonly (infer Item)[] ? readonly Item[] : T

type Asked<R extends Route> = NonNullable<Get<R>['parameters']['query']>

/** The parameters of a report. */
export type Query<R extends Route> = { readonly [K in keyof Asked<R>]?: Loose<Asked<R>[K]> | undefined }
