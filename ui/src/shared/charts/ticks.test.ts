import { describe, expect, it } from 'vitest'
import { timeTicks } from './ticks'

const labels = (start: number, end: number, pixels: number, zone: 'local' | 'utc'): string[] =>
  timeTicks(start, end, pixels, zone).map((tick) => tick.label)

const at = (text: string): number => Date.parse(text) / 1000

describe('ticks', () => {
  it('are round times of the clock', () => {
    expect(labels(at('2026-01-31T12:03:20Z'), at('2026-01-31T13:03:20Z'), 560, 'utc')).toEqual([
      '12:10',
      '12:20',
      '12:30',
      '12:40',
      '12:50',
      '13:00',
    ])
  })

  it('name the day at midnight of the zone', () => {
    expect(labels(at('2026-01-30T18:00:00Z'), at('2026-01-31T06:00:00Z'), 400, 'utc')).toContain('Jan 31')
    const local = timeTicks(at('2026-01-30T18:00:00Z'), at('2026-01-31T06:00:00Z'), 400, 'local')
    expect(local.find((tick) => tick.label === 'Jan 31')?.at).toBe(at('2026-01-30T23:00:00Z'))
  })

  it('have seconds where the window is short', () => {
    expect(labels(at('2026-01-31T12:00:00Z'), at('2026-01-31T12:01:00Z'), 300, 'utc')).toContain('12:00:30')
  })

  it.each(['2026-03-29', '2026-10-25'])('stand at local midnights across the change of clocks on %s', (day) => {
    const middle = at(`${day}T12:00:00Z`)
    const ticks = timeTicks(middle - 3 * 86_400, middle + 3 * 86_400, 900, 'local')
    expect(ticks.length).toBeGreaterThanOrEqual(5)
    for (const tick of ticks) expect(new Date(tick.at * 1000).getHours()).toBe(0)
  })

  it.each([60, 300, 3600, 21_600, 86_400, 604_800, 7_776_000])('are neither too many nor none in %i s', (seconds) => {
    const found = timeTicks(at('2026-05-05T05:05:05Z'), at('2026-05-05T05:05:05Z') + seconds, 520, 'local')
    expect(found.length).toBeGreaterThan(1)
    expect(found.length).toBeLessThanOrEqual(8)
    const places = found.map((tick) => tick.at)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })
})
