import { offsetSeconds, time, type Zone } from '@/shared/format/time'

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

const LONGEST_STEP = 31_536_000

const STEPS = [
  5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 259_200, 345_600,
  604_800, 1_209_600, 2_592_000, 7_776_000,
]

/** Pixels one label needs, with air. */
const LABEL_PIXELS = 76
/** A window snaps outward by a bucket or so: that must not halve its labels. */
const SLACK = 0.5

export interface Tick {
  readonly at: number
  readonly label: string
}

function labelOf(at: number, step: number, zone: Zone): string {
  const wall = at + offsetSeconds(at, zone)
  if (step >= DAY || wall % DAY === 0) return time(at, 'day', zone)
  return time(at, step < MINUTE ? 'second' : 'minute', zone)
}

/** Round times of the zone's wall clock inside the window, as many as fit into `pixels`. */
export function timeTicks(start: number, end: number, pixels: number, zone: Zone): Tick[] {
  const room = Math.max(2, Math.floor(pixels / LABEL_PIXELS))
  const step = STEPS.find((size) => (end - start) / size <= room + SLACK) ?? LONGEST_STEP
  const ticks: Tick[] = []
  const first = Math.ceil((start + offsetSeconds(start, zone)) / step) * step
  for (let wall = first; wall <= end + offsetSeconds(end, zone); wall += step) {
    // The offset holds at the instant itself, which is known only roughly before it is.
    const guess = wall - offsetSeconds(wall - offsetSeconds(start, zone), zone)
    const at = wall - offsetSeconds(guess, zone)
    const last = ticks[ticks.length - 1]
    if (at >= start && at <= end && (last === undefined || at - last.at >= Math.min(step, HOUR))) {
      ticks.push({ at, label: labelOf(at, step, zone) })
    }
  }
  return ticks
}
