import { offsetSeconds, type Zone } from './time'

const TIME_START = 11
const TIME_END = 19

/** What a calendar and a clock in the zone show at an instant: `2026-01-31`, `14:05:00`. */
export function toWall(seconds: number, zone: Zone): { day: string; time: string } {
  const text = new Date((seconds + offsetSeconds(seconds, zone)) * 1000).toISOString()
  return { day: text.slice(0, TIME_START - 1), time: text.slice(TIME_START, TIME_END) }
}

/** The instant at which they show it; null where `time` is none. */
export function fromWall(day: string, time: string, zone: Zone): number | null {
  const shown = Date.parse(`${day}T${time || '00:00'}Z`) / 1000
  if (!Number.isFinite(shown)) return null
  // The offset is that of the instant, which the first step finds to within a change of clocks.
  const near = shown - offsetSeconds(shown, zone)
  return shown - offsetSeconds(near, zone)
}
