import { describe, expect, it } from 'vitest'
import type { Trend } from '@/shared/api/reports'
import { applyFrame, parseFrame, type DeltaFrame, type LiveData, type LiveTotals, type SnapshotFrame } from './frames'

const TOTALS: LiveTotals = {
  latency_count: 0,
  avg_latency_ms: 0,
  p50_latency_ms: 0,
  p95_latency_ms: 0,
  p99_latency_ms: 0,
  min_latency_ms: 0,
  max_latency_ms: 0,
  total_requests: 3,
  total_errors: 0,
  error_rate: 0,
  active_connections: 0,
  requests_per_second: 0.1,
  total_bytes_sent: 0,
  total_bytes_received: 0,
}

function point(timestamp: number, value: number) {
  return { timestamp, value, error_count: 0, requests_per_second: value / 10 }
}

function trend(timestamp: number, p95: number): Trend {
  return { timestamp, p50: 1, p95, p99: 9, avg: 2, min: 1, max: 9, latency_count: 1, request_count: 1 }
}

const SNAPSHOT: SnapshotFrame = {
  type: 'snapshot',
  commit: 10,
  start_time: 1000,
  end_time: 1030,
  bucket_seconds: 10,
  granularity: '10s',
  overview: TOTALS,
  series: [{ label: 'HTTP', total: 3, data: [point(1000, 1), point(1010, 2), point(1020, 0)] }],
  latency: [trend(1000, 5), trend(1010, 6), trend(1020, 7)],
}

function delta(part: Partial<DeltaFrame>): DeltaFrame {
  const base = { start_time: 1000, end_time: 1030, overview: { ...TOTALS, total_requests: 4 } }
  return { type: 'delta', from_commit: 10, commit: 11, series: [], latency: [], ...base, ...part }
}

function values(data: LiveData | null): Record<string, number[]> {
  return Object.fromEntries(data?.series.map((item) => [item.label, item.data.map((one) => one.value)]) ?? [])
}

const start = applyFrame(null, SNAPSHOT)

describe('a delta', () => {
  it('adds to the buckets it names', () => {
    const added = [{ label: 'HTTP', data: [{ timestamp: 1020, value: 5, error_count: 1 }] }]
    const after = applyFrame(start, delta({ series: added }))
    expect(values(after)).toEqual({ HTTP: [1, 2, 5] })
    expect(after?.series[0]?.total).toBe(8)
    expect(after?.series[0]?.data[2]).toEqual({ timestamp: 1020, value: 5, error_count: 1, requests_per_second: 0.5 })
    expect(after?.totals.total_requests).toBe(4)
    expect(after?.commit).toBe(11)
  })

  it('replaces the latencies of the buckets it names', () => {
    const after = applyFrame(start, delta({ latency: [trend(1020, 70)] }))
    expect(after?.latency.map((item) => item.p95)).toEqual([5, 6, 70])
  })

  it('moves the window on: old buckets fall out, new ones begin at zero', () => {
    const after = applyFrame(start, delta({ start_time: 1020, end_time: 1050 }))
    expect(values(after)).toEqual({ HTTP: [0, 0, 0] })
    expect(after?.latency.map((item) => item.latency_count)).toEqual([1, 0, 0])
  })

  it('brings a series that was not there before', () => {
    const added = [{ label: 'gRPC', data: [{ timestamp: 1010, value: 7, error_count: 0 }] }]
    expect(values(applyFrame(start, delta({ series: added })))).toEqual({ HTTP: [1, 2, 0], gRPC: [0, 7, 0] })
  })

  it('is not applied when it does not begin where we stand', () => {
    expect(applyFrame(start, delta({ from_commit: 9, commit: 12 }))).toBe(start)
  })

  it('means nothing before a snapshot', () => {
    expect(applyFrame(null, delta({}))).toBeNull()
  })
})

describe('a tick', () => {
  it('moves the window without adding', () => {
    const tick = { type: 'tick', commit: 10, start_time: 1010, end_time: 1040, overview: TOTALS } as const
    expect(values(applyFrame(start, tick))).toEqual({ HTTP: [2, 0, 0] })
  })
})

it('stays as long as the window, whatever comes', () => {
  let data = start
  for (let step = 1; step <= 3600; step += 1) {
    const end = 1030 + step
    const added = [{ label: 'HTTP', data: [{ timestamp: Math.floor(end / 10) * 10 - 10, value: 1, error_count: 0 }] }]
    const next = delta({ from_commit: 9 + step, commit: 10 + step, start_time: end - 30, end_time: end, series: added })
    data = applyFrame(data, next)
  }
  expect(data?.commit).toBe(3610)
  expect(data?.series).toHaveLength(1)
  expect(data?.series[0]?.data.length).toBeLessThanOrEqual(4)
  expect(data?.latency.length).toBeLessThanOrEqual(4)
})

describe('parseFrame', () => {
  it.each(['', 'null', '{}', '{"type":"other"}', '[1]'])('takes no notice of %s', (text) => {
    expect(parseFrame(text)).toBeNull()
  })

  it('reads a frame', () => {
    expect(parseFrame(JSON.stringify(SNAPSHOT))).toEqual(SNAPSHOT)
  })
})
