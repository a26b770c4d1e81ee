import { length, period, time, type Zone } from '@/shared/format/time'
import {
  DIMENSION_NAMES,
  isMoving,
  NONE,
  OF_CLIENTS,
  OF_ERRORS,
  rangeSeconds,
  type Dimension,
  type Preset,
  type Range,
  type View,
} from './view'

const DAY_SECONDS = 86_400

export const PRESET_NAMES: Readonly<Record<Preset, string>> = {
  '5m': 'Last 5 minutes',
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
}

/** From here on the seconds of a window's ends are noise in its name. */
const COARSE_SECONDS = 600
/** Further back, a day without its year could be another one. */
const YEAR_SECONDS = 300 * DAY_SECONDS

export function rangeName(range: Range, zone: Zone, now = Date.now() / 1000): string {
  if (isMoving(range)) return PRESET_NAMES[range.preset]
  const { from, to } = range
  if (now - from > YEAR_SECONDS) return `${time(from, 'date', zone)} – ${time(to, 'date', zone)}`
  if (to - from < COARSE_SECONDS) return period(from, to, zone)
  return period(Math.floor(from / 60) * 60, Math.floor(to / 60) * 60, zone)
}

const PRESET_LENGTHS: Readonly<Record<Preset, string>> = {
  '5m': '5 min',
  '15m': '15 min',
  '1h': '1 h',
  '6h': '6 h',
  '24h': '24 h',
  '7d': '7 d',
  '30d': '30 d',
  '90d': '90 d',
}

export function rangeLength(range: Range): string {
  return isMoving(range) ? PRESET_LENGTHS[range.preset] : length(range.to - range.from)
}

/** Lengths that have a name of their own. */
const NAMED: Readonly<Record<number, string>> = { 3600: 'hour', 86400: 'day', 604800: 'week' }

export function valueName(dimension: Dimension, value: string): string {
  if (value === NONE) return 'none'
  return dimension === 'error_category' || dimension === 'error_type' ? spaced(value) : value
}

/** A path as text: damaged requests may have none at all. */
export function pathName(path: string): string {
  return path === '' ? '(empty path)' : path
}

export function spaced(name: string): string {
  return name.replaceAll('_', ' ')
}

/** The period of comparison in words, for pills and tooltips. */
export function against(view: View): string {
  if (view.compare === 'week') return 'the same time last week'
  return `the ${NAMED[rangeSeconds(view.range)] ?? rangeLength(view.range)} before`
}

/** `HTTP or gRPC · POST · 4xx`: the filters that hold for all requests. */
export function filterWords(view: View): string[] {
  const requests = DIMENSION_NAMES.filter((name) => !OF_ERRORS.includes(name) && !OF_CLIENTS.includes(name))
  return requests.flatMap((name) => {
    const values = view.filters[name]
    return values === undefined ? [] : [values.map((value) => valueName(name, value)).join(' or ')]
  })
}

/** `14:02:10`, or with the day where it is not today's. */
export function moment(seconds: number, zone: Zone, now = Date.now() / 1000): string {
  const today = now - seconds < DAY_SECONDS && time(seconds, 'day', zone) === time(now, 'day', zone)
  return time(seconds, today ? 'second' : 'moment', zone)
}
