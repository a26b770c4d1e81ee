import { describe, expect, it } from 'vitest'
import type { PatternRow } from '@/shared/api/reports'
import { hours, largestOf, stepOf, valueOf, week } from './week'

function row(date: string, hour: number, requests: number, part: Partial<PatternRow> = {}): PatternRow {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay()
  return {
    date,
    hour,
    day_of_week: day,
    request_count: requests,
    error_count: 0,
    latency_count: requests,
    avg_latency_ms: 10,
    seconds: 3600,
    ...part,
  }
}

describe('the week', () => {
  it('adds rows of one hour instead of taking the last', () => {
    const rows = [row('2026-01-26', 9, 10), row('2026-01-26', 9, 30, { avg_latency_ms: 50, error_count: 4 })]
    const [hour] = hours(rows)
    expect(hours(rows)).toHaveLength(1)
    expect(hour).toMatchObject({ requests: 40, errors: 4, seconds: 3600 })
    // (10 × 10 + 30 × 50) / 40
    expect(hour && valueOf(hour, 'latency')).toBe(40)
    expect(hour && valueOf(hour, 'errors')).toBe(10)
  })

  it('shows the newest of each slot and what is usual there', () => {
    const rows = [row('2026-01-12', 9, 10), row('2026-01-19', 9, 30), row('2026-01-26', 9, 60)]
    const monday = week(rows)[1 * 24 + 9]
    expect(monday).toMatchObject({ date: '2026-01-26', requests: 60, usual: 20 })
  })

  it('leaves a slot without traffic open', () => {
    expect(week([row('2026-01-26', 9, 10)]).filter((cell) => cell !== undefined)).toHaveLength(1)
  })

  it('compares an hour that has just begun by its rate', () => {
    const [hour] = hours([row('2026-01-26', 9, 10, { seconds: 600 })])
    expect(hour && valueOf(hour, 'requests')).toBe(60)
  })

  it('halves the hour that comes twice', () => {
    const [hour] = hours([row('2026-10-25', 2, 100, { seconds: 7200 })])
    expect(hour && valueOf(hour, 'requests')).toBe(50)
  })

  it('does not let the first minutes of an hour stretch the scale', () => {
    const begun = row('2026-01-26', 10, 50, { seconds: 60 })
    expect(largestOf(week([row('2026-01-26', 9, 400), begun]), 'requests')).toBe(400)
    // Nothing else to go by: 50 a minute are 3,000 an hour.
    expect(largestOf(week([begun]), 'requests')).toBe(3000)
    expect(largestOf([], 'requests')).toBe(0)
  })

  it('does not let one hour in a hundred take all the colours', () => {
    const usual = Array.from({ length: 99 }, (_, index) =>
      row(`2026-01-${25 + Math.floor(index / 24)}`, index % 24, 100 + (index % 24)),
    )
    const peak = row('2026-01-29', 23, 5000)
    expect(largestOf(week([...usual, peak]), 'requests')).toBe(123)
    // Twice as much is no outlier.
    expect(largestOf(week([...usual, { ...peak, request_count: 246 }]), 'requests')).toBe(246)
  })

  it.each([
    [null, 0],
    [0, 0],
    [1, 1],
    [19, 1],
    [20, 2],
    [79, 4],
    [80, 5],
    [100, 5],
  ])('gives %s of 100 the step %i', (value, step) => {
    expect(stepOf(value, 100)).toBe(step)
  })
})
