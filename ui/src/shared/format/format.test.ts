import { describe, expect, it } from 'vitest'
import { bytes, compact, count, middle, milliseconds, percent, quantity, rate, text } from './numbers'
import { ago, length, period, time } from './time'
import { fromWall, toWall } from './wall'

describe('figures', () => {
  it.each([
    [count(412_067), '412,067'],
    [compact(9999), '9,999'],
    [compact(1_234_567), '1.23M'],
    [text(rate(0)), '0/s'],
    [text(rate(0.3436)), '0.344/s'],
    [text(rate(12.345)), '12.3/s'],
    [text(rate(12_345)), '12.3K/s'],
    [text(milliseconds(null)), '–'],
    [text(milliseconds(0.0004)), '<0.001 ms'],
    [text(milliseconds(7.5)), '7.50 ms'],
    [text(milliseconds(480.4)), '480 ms'],
    [text(milliseconds(2310)), '2.31 s'],
    [text(milliseconds(65_000)), '65.0 s'],
    [text(percent(0)), '0.00%'],
    [text(percent(0.001)), '<0.01%'],
    [text(percent(1.456)), '1.46%'],
    [text(percent(99.96, 1)), '100.0%'],
    [text(bytes(0)), '0 B'],
    [text(bytes(999)), '999 B'],
    [text(bytes(1_500_000)), '1.50 MB'],
    [quantity(1, 'request'), '1 request'],
    [quantity(2000, 'request'), '2,000 requests'],
    [middle('/a/very/long/path/indeed', 11), '/a/ve…ndeed'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected)
  })
})

describe('times', () => {
  const AUTUMN = Date.UTC(2026, 9, 25, 0, 30) / 1000

  it('name the zone of the reader or UTC', () => {
    expect(time(AUTUMN, 'second', 'utc')).toBe('00:30:00')
    expect(time(AUTUMN, 'second', 'local')).toBe('02:30:00')
    // One hour later the clock shows the same: it has been turned back.
    expect(time(AUTUMN + 3600, 'second', 'local')).toBe('02:30:00')
  })

  it('name the day of a period once, or twice', () => {
    expect(period(AUTUMN, AUTUMN + 300, 'utc')).toBe('Oct 25, 00:30–00:35')
    expect(period(AUTUMN, AUTUMN + 10, 'utc')).toBe('Oct 25, 00:30:00–00:30:10')
    expect(period(AUTUMN - 3600, AUTUMN, 'utc')).toBe('Oct 24, 23:30 – Oct 25, 00:30')
  })

  it.each([
    [length(0.4), '0.4 s'],
    [length(90), '1 min 30 s'],
    [length(3600), '1 h'],
    [length(200_000), '2 d 7 h'],
    [ago(0.5), 'just now'],
    [ago(130), '2 min ago'],
    [ago(200_000), '2 d ago'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected)
  })

  it.each(['2026-03-29', '2026-06-15', '2026-10-25', '2026-12-31'])('come back from the calendar on %s', (day) => {
    for (const clock of ['00:00:00', '09:15:30', '23:59:59']) {
      for (const zone of ['local', 'utc'] as const) {
        const at = fromWall(day, clock, zone)
        expect(at).not.toBeNull()
        expect(toWall(at ?? 0, zone)).toEqual({ day, time: clock })
      }
    }
  })
})
