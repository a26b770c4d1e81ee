/** Instants as text, in the zone of the reader or UTC. Seconds are Unix seconds. */

export type Zone = 'local' | 'utc'

type Options = Intl.DateTimeFormatOptions

const styles = {
  minute: { hour: '2-digit', minute: '2-digit' },
  second: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { month: 'short', day: 'numeric' },
  weekday: { weekday: 'short', month: 'short', day: 'numeric' },
  moment: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  date: { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  full: { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' },
} satisfies Record<string, Options>

export type TimeStyle = keyof typeof styles

const made = new Map<string, Intl.DateTimeFormat>()

function formatter(style: TimeStyle, zone: Zone): Intl.DateTimeFormat {
  const key = `${style} ${zone}`
  const known = made.get(key)
  if (known !== undefined) return known
  const place: Options = zone === 'utc' ? { timeZone: 'UTC' } : {}
  const fresh = new Intl.DateTimeFormat('en', { hourCycle: 'h23', ...styles[style], ...place })
  made.set(key, fresh)
  return fresh
}

export function time(seconds: number, style: TimeStyle, zone: Zone): string {
  return formatter(style, zone).format(seconds * 1000)
}

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Seconds to add to an instant for the reading of a wall clock in the zone. */
export function offsetSeconds(seconds: number, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(seconds * 1000).getTimezoneOffset() * 60
}

/** From and to, with the day only where it is needed: `14:05–14:10`, `Nov 26, 23:50 – Nov 27, 00:10`. */
export function period(start: number, end: number, zone: Zone): string {
  const last = end - 1
  if (time(start, 'day', zone) !== time(last, 'day', zone)) {
    return `${time(start, 'moment', zone)} – ${time(end, 'moment', zone)}`
  }
  const style = start % 60 === 0 && end % 60 === 0 ? 'minute' : 'second'
  return `${time(start, 'day', zone)}, ${time(start, style, zone)}–${time(end, style, zone)}`
}

const LENGTHS: readonly (readonly [number, string])[] = [
  [604_800, 'w'],
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** `90` → `1 min 30 s`, `604800` → `7 d`; at most two parts. */
export function length(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  const parts: string[] = []
  let rest = Math.round(seconds)
  for (const [size, unit] of LENGTHS.slice(1)) {
    const whole = Math.floor(rest / size)
    if (whole > 0) parts.push(`${whole} ${unit}`)
    rest -= whole * size
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** How long ago, in one part: `4 s ago`, `3 h ago`. */
export function ago(seconds: number): string {
  const size = LENGTHS.find(([unit]) => unit <= 86_400 && seconds >= unit)
  return size === undefined ? 'just now' : `${Math.floor(seconds / size[0])} ${size[1]} ago`
}
