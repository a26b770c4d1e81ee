/** What the reports answer. Percent run from 0 to 100, times are Unix seconds, latencies milliseconds. */

export interface Meta {
  start_time: number
  end_time: number
  granularity: string | null
  bucket_seconds: number | null
  commit: number
  warnings: string[]
  filters: Record<string, string[]>
  generated_at: number
}

export interface Answer {
  meta: Meta
}

/** Latencies of a group; all 0 where `latency_count` is 0, which means unknown. */
export interface Latency {
  latency_count: number
  avg_latency_ms: number
  p50_latency_ms: number
  p95_latency_ms: number
  p99_latency_ms: number
  min_latency_ms: number
  max_latency_ms: number
}

export interface Traffic extends Latency {
  request_count: number
  share: number
  error_count: number
  error_rate: number
  bytes_sent: number
  bytes_received: number
}

export interface ProtocolRow extends Traffic {
  protocol: string
}

export interface StatusRow extends Traffic {
  status_code: number | null
}

export interface StatusClass {
  status_class: string
  request_count: number
  share: number
}

export interface Peak {
  rate: number
  count: number
  start: number
  seconds: number
}

export interface Moment {
  at: number
  resolution: number
}

export interface Totals extends Latency {
  total_requests: number
  total_errors: number
  error_rate: number
  active_connections: number
  active_connections_known: boolean
  total_bytes_sent: number
  total_bytes_received: number
  requests_per_second: number
}

export interface TopEndpoint extends Traffic {
  endpoint: string
  protocol: string
  method: string | null
}

export interface Overview extends Totals, Answer {
  peak: Peak | null
  first_request: Moment | null
  last_request: Moment | null
  status_classes: StatusClass[]
  top_protocols: ProtocolRow[]
  top_endpoints: TopEndpoint[]
}

export interface Point {
  timestamp: number
  value: number
  error_count: number
  requests_per_second: number
}

export interface RequestSeries {
  label: string
  total: number
  data: Point[]
}

export interface Trend {
  timestamp: number
  p50: number
  p95: number
  p99: number
  avg: number
  min: number
  max: number
  latency_count: number
  request_count: number
}

export interface DistributionBucket {
  lower_ms: number
  upper_ms: number
  count: number
  share: number
  cumulative_share: number
}

export interface ErrorGroup {
  error_type: string
  error_category: string
  count: number
  share: number
  endpoints: string[]
  endpoint_count: number
  last_occurrence: string
}

export interface ErrorEvent {
  id: number | string
  timestamp: string
  protocol: string
  method: string | null
  endpoint: string | null
  status_code: number | null
  error_type: string | null
  error_category: string | null
  error_message: string | null
  request_id: string | null
  trace_id: string | null
  span_id: string | null
  client_ip: string | null
  user_agent: string | null
  workspace_id: string | null
  environment: string | null
  metadata: unknown
}

export interface EndpointRow extends Latency {
  endpoint: string
  protocol: string
  method: string | null
  total_requests: number
  total_errors: number
  error_rate: number
  share: number
  bytes_sent: number
  bytes_received: number
  trend: number[] | null
}

export interface ClientRow {
  client_ip: string
  request_count: number
  share: number
  error_count: number
  error_rate: number
  latency_count: number
  avg_latency_ms: number
  bytes_sent: number
  bytes_received: number
  agent_families: string[]
  top_endpoints: string[]
}

export interface Slot {
  day_of_week: number
  hour: number
  request_count: number
  error_count: number
  latency_count: number
  avg_latency_ms: number
  seconds: number
}

export interface PatternRow extends Slot {
  date: string
}

export interface DimensionValue {
  value: string | null
  count: number
}

export interface SourceRow {
  source: string
  received: number
  stored: number
  deduplicated: number
  rejected: number
  overflowed: number
  reasons: Record<string, number>
  first: number | null
  last: number | null
  lag_seconds?: number | null
}

export interface RejectedSample {
  source: string
  at: number
  reason: string
  sample: string
}

export interface TierRow {
  name: string
  width: number
  rows: number
  oldest: number | null
  newest: number | null
  kept_seconds: number
  setting: string
}

export interface Hold {
  start: number
  end: number
  reason: string
}

export interface Status {
  version: string
  uptime_seconds: number
  database: Record<string, string | number | null>
  sources: SourceRow[]
  samples: RejectedSample[]
  tiers: TierRow[]
  retention: Record<string, string | number | boolean | null>
  holds: Hold[]
  overflowed: number
  queue: Record<string, number>
  stream: Record<string, number>
}

export interface Session {
  auth_required: boolean
  authenticated: boolean
  scopes: string[]
  workspace_id: string | null
}

/** Route under the base path → `data` of its answer. */
export interface Reports {
  overview: Overview
  requests: Answer & { series: RequestSeries[] }
  latency: Answer & { trends: Trend[] }
  'latency/distribution': Answer & Latency & { buckets: DistributionBucket[]; total_requests: number }
  errors: Answer & { errors: ErrorGroup[]; total_errors: number; group_count: number }
  'errors/trend': Answer & { series: RequestSeries[] }
  'errors/events': Answer & { events: ErrorEvent[]; next_cursor: string | null }
  endpoints: Answer & { endpoints: EndpointRow[]; total_requests: number; endpoint_count: number }
  protocols: Answer & { protocols: ProtocolRow[] }
  'status-codes': Answer & { status_codes: StatusRow[]; classes: StatusClass[]; total_requests: number }
  clients: Answer & { clients: ClientRow[]; unique_clients: number; approximate: boolean; total_requests: number }
  'traffic-patterns': Answer & { patterns: PatternRow[]; week: Slot[]; zone: string }
  peaks: Answer & {
    requests: Peak | null
    errors: Peak | null
    bytes_sent: Peak | null
    bytes_received: Peak | null
    active_connections: number | null
  }
  dimensions: Answer & { dimension: string; value_count: number; values: DimensionValue[] }
  status: Status
  session: Session
}

export type Route = keyof Reports
