import { describe, expect, it } from 'vitest'
import { series } from '@/testing/fixtures'
import { errorRateModel, latencyModel, seriesModel } from './models'
import type { Timeline } from './useFigures'

function timeline<T>(items: readonly T[], part: Partial<Timeline<T>> = {}): Timeline<T> {
  return { items, start: 0, end: 180, bucketSeconds: 60, asOf: 180, ...part }
}

const point = (timestamp: number, value: number, errors = 0) => ({
  timestamp,
  value,
  error_count: errors,
  requests_per_second: value / 60,
})

const TWO = [
  { label: 'HTTP', total: 18, data: [point(0, 6, 3), point(60, 0), point(120, 12)] },
  { label: 'gRPC', total: 6, data: [point(0, 6), point(60, 0), point(120, 0)] },
]

describe('series over time', () => {
  it('shows rates as rates', () => {
    const model = seriesModel(timeline(TWO), { meaning: 'protocol', value: 'requests_per_second' }, 'light')
    expect(model.series.map((item) => item.values)).toEqual([
      [0.1, 0, 0.2],
      [0.1, 0, 0],
    ])
  })

  it('leaves what has not happened yet open', () => {
    const model = seriesModel(timeline(TWO, { asOf: 70 }), { meaning: null, value: 'value' }, 'light')
    expect(model.series[0]?.values).toEqual([6, 0, null])
  })

  it('lays the sum of the period before under the same places', () => {
    const before = [{ label: 'HTTP', total: 9, data: [point(-180, 4), point(-120, 5)] }]
    const model = seriesModel(timeline(TWO), { meaning: null, value: 'value' }, 'light', {
      items: [...before, { label: 'gRPC', total: 1, data: [point(-120, 1)] }],
      offset: 180,
      label: 'before',
    })
    expect(model.ghost?.times).toEqual([-180, -120, -60])
    expect(model.ghost?.values).toEqual([4, 6, null])
  })
})

describe('the error rate', () => {
  it('is of all series together, and open where nothing was asked', () => {
    const model = errorRateModel(timeline(TWO), '#000000')
    expect(model.series[0]?.values).toEqual([25, null, 0])
  })

  it('has no line without series', () => {
    expect(errorRateModel(timeline<(typeof TWO)[number]>([]), '#000000').series).toEqual([])
  })
})

describe('latencies', () => {
  const trend = (timestamp: number, known: number) => ({
    timestamp,
    p50: known && 1,
    p95: known && 2,
    p99: known && 3,
    avg: known && 1.5,
    min: 0,
    max: 0,
    latency_count: known,
    request_count: 5,
  })

  it('are gaps where none is known, never zero', () => {
    const model = latencyModel(timeline([trend(0, 5), trend(60, 0)]), 'dark')
    expect(model.series.map((item) => [item.label, item.values])).toEqual([
      ['P99', [3, null]],
      ['P95', [2, null]],
      ['P50 (median)', [1, null]],
      ['Average', [1.5, null]],
    ])
  })

  it('have no lines at all in a log without latencies', () => {
    expect(latencyModel(timeline([trend(0, 0)]), 'dark').series).toEqual([])
  })
})

it('takes what the server sends', () => {
  const answer = series({ HTTP: [1, 2] })
  const model = seriesModel(timeline(answer.series), { meaning: 'protocol', value: 'value' }, 'light')
  expect(model.times).toHaveLength(2)
})
