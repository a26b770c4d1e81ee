import type { Meta, Overview, Reports } from '@/shared/api/reports'

export const NOON = 1_769_860_800

export function meta(part: Partial<Meta> = {}): Meta {
  return {
    start_time: NOON - 3600,
    end_time: NOON,
    granularity: null,
    bucket_seconds: null,
    commit: 7,
    warnings: [],
    filters: {},
    generated_at: NOON,
    ...part,
  }
}

export const NO_LATENCY = {
  latency_count: 0,
  avg_latency_ms: 0,
  p50_latency_ms: 0,
  p95_latency_ms: 0,
  p99_latency_ms: 0,
  min_latency_ms: 0,
  max_latency_ms: 0,
}

export const LATENCY = {
  latency_count: 90,
  avg_latency_ms: 40,
  p50_latency_ms: 30,
  p95_latency_ms: 120,
  p99_latency_ms: 900,
  min_latency_ms: 1,
  max_latency_ms: 1200,
}

export function overview(part: Partial<Overview> = {}): Overview {
  return {
    ...LATENCY,
    total_requests: 1234,
    total_errors: 20,
    error_rate: 1.62,
    active_connections: 3,
    active_connections_known: true,
    total_bytes_sent: 5_000_000,
    total_bytes_received: 70_000,
    requests_per_second: 0.343,
    peak: { rate: 2, count: 120, start: NOON - 600, seconds: 60 },
    first_request: { at: NOON - 3500, resolution: 10 },
    last_request: { at: NOON - 5, resolution: 10 },
    status_classes: [],
    top_protocols: [],
    top_endpoints: [],
    meta: meta(),
    ...part,
  }
}

export function series(labels: Record<string, number[]>, width = 60): Reports['requests'] {
  const length = Math.max(0, ...Object.values(labels).map((values) => values.length))
  const start = NOON - length * width
  return {
    series: Object.entries(labels).map(([label, values]) => ({
      label,
      total: values.reduce((sum, value) => sum + value, 0),
      data: values.map((value, index) => ({
        timestamp: start + index * width,
        value,
        error_count: 0,
        requests_per_second: value / width,
      })),
    })),
    meta: meta({ start_time: start, end_time: NOON, granularity: 'minute', bucket_seconds: width }),
  }
}
