import type { PatternRow } from '@/shared/api/reports'

export const HOURS = 24
export const DAYS = 7

export type Metric = 'requests' | 'errors' | 'latency'

/** One hour of one day, added up over everything that shares it. */
export interface Hour {
  readonly date: string
  readonly day: number
  readonly hour: number
  readonly requests: number
  readonly errors: number
  readonly latencies: number
  /** Sum over the known latencies, ms. */
  readonly latencySum: number
  /** How much of the hour the figures cover: 7200 where clocks go back and it comes twice. */
  readonly seconds: number
}

/** The newest hour of a slot of the week, and what that slot usually has. */
export interface Cell extends Hour {
  /** Requests per hour of the slot in earlier weeks; null without any. */
  readonly usual: number | null
}

function hourOf(row: PatternRow): Hour {
  return {
    date: row.date,
    day: row.day_of_week,
    hour: row.hour,
    requests: row.request_count,
    errors: row.error_count,
    latencies: row.latency_count,
    latencySum: row.avg_latency_ms * row.latency_count,
    seconds: row.seconds,
  }
}

function together(a: Hour, b: Hour): Hour {
  return {
    ...a,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    latencies: a.latencies + b.latencies,
    latencySum: a.latencySum + b.latencySum,
    seconds: Math.max(a.seconds, b.seconds),
  }
}

/** Several rows may share a date and hour: they are added, never the last one taken. */
export function hours(rows: readonly PatternRow[]): Hour[] {
  const known = new Map<string, Hour>()
  for (const row of rows) {
    const key = `${row.date} ${row.hour}`
    const before = known.get(key)
    known.set(key, before === undefined ? hourOf(row) : together(before, hourOf(row)))
  }
  return [...known.values()].sort((a, b) => a.date.localeCompare(b.date) || a.hour - b.hour)
}

const HOUR_SECONDS = 3600

function perHour(hour: Hour): number {
  return hour.seconds > 0 ? (hour.requests * HOUR_SECONDS) / hour.seconds : 0
}

function slotOf(hour: Hour): number {
  return hour.day * HOURS + hour.hour
}

/** The newest hour of every slot of the week, Sunday first; undefined where there is none. */
export function week(rows: readonly PatternRow[]): (Cell | undefined)[] {
  const bySlot = new Map<number, Hour[]>()
  for (const hour of hours(rows)) bySlot.set(slotOf(hour), [...(bySlot.get(slotOf(hour)) ?? []), hour])
  return Array.from({ length: DAYS * HOURS }, (_, slot) => {
    const all = bySlot.get(slot) ?? []
    const newest = all[all.length - 1]
    if (newest === undefined) return undefined
    const earlier = all.slice(0, -1).filter((hour) => hour.seconds > 0)
    const usual = earlier.length === 0 ? null : earlier.reduce((sum, hour) => sum + perHour(hour), 0) / earlier.length
    return { ...newest, usual }
  })
}

/** The figure of a cell; null where it is unknown. Requests are per full hour, so that a short one compares. */
export function valueOf(cell: Hour, metric: Metric): number | null {
  if (metric === 'requests') return perHour(cell)
  if (metric === 'errors') return cell.requests > 0 ? (100 * cell.errors) / cell.requests : null
  return cell.latencies > 0 ? cell.latencySum / cell.latencies : null
}

/** Less of an hour than this says little about it: what comes in its first minutes would dwarf all the others. */
const ENOUGH_SECONDS = 1800

/** One hour far above nearly all the others would leave them a single colour: it takes the last step with them. */
const NEARLY_ALL = 0.98
const FAR = 2

/** The figure that the steps of the scale are parts of. */
export function largestOf(cells: readonly (Cell | undefined)[], metric: Metric): number {
  const known = cells.filter((cell) => cell !== undefined)
  const whole = known.filter((cell) => cell.seconds >= ENOUGH_SECONDS)
  const values = (whole.length > 0 ? whole : known).map((cell) => valueOf(cell, metric) ?? 0).sort((a, b) => a - b)
  const highest = values[values.length - 1] ?? 0
  const usual = values[Math.ceil(values.length * NEARLY_ALL) - 1] ?? 0
  return usual > 0 && highest > FAR * usual ? usual : highest
}

export const STEPS = 5

/** 0 for nothing, then 1 to 5 by fifths of the largest value. */
export function stepOf(value: number | null, largest: number): number {
  if (value === null || value <= 0 || largest <= 0) return 0
  return Math.min(STEPS, Math.floor((value / largest) * STEPS) + 1)
}
