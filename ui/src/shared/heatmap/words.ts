import { count, fixed, milliseconds, percent, quantity, text } from '@/shared/format/numbers'
import { length } from '@/shared/format/time'
import type { Cell, Metric } from './week'
import { STEPS, valueOf } from './week'

export const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

export const METRICS: readonly { value: Metric; label: string }[] = [
  { value: 'requests', label: 'Requests' },
  { value: 'errors', label: 'Error rate' },
  { value: 'latency', label: 'Latency' },
]

export function figure(value: number, metric: Metric): string {
  if (metric === 'requests') return count(value)
  return text(metric === 'errors' ? percent(value) : milliseconds(value))
}

const NOTICEABLE = 5
const HOUR_SECONDS = 3600

function comparison(cell: Cell): string | null {
  const now = valueOf(cell, 'requests')
  if (cell.usual === null || cell.usual === 0 || now === null) return null
  const difference = (100 * (now - cell.usual)) / cell.usual
  if (Math.abs(difference) < NOTICEABLE) return 'as usual for this hour'
  return `${fixed(Math.abs(difference), 0)}% ${difference > 0 ? 'above' : 'below'} the usual ${count(cell.usual)}`
}

/** The lines of a cell's tooltip: when, then what. */
export function describe(cell: Cell): { when: string; what: string[] } {
  const hour = String(cell.hour).padStart(2, '0')
  const rate = valueOf(cell, 'errors')
  const latency = valueOf(cell, 'latency')
  const usual = comparison(cell)
  return {
    when: `${DAY_NAMES[cell.day] ?? ''} ${cell.date}, ${hour}:00`,
    what: [
      `${quantity(cell.requests, 'request')}${cell.seconds < HOUR_SECONDS ? ` in ${length(cell.seconds)} of this hour` : ''}`,
      rate === null ? 'no errors' : `${quantity(cell.errors, 'error')} (${text(percent(rate))})`,
      latency === null ? 'latency unknown' : `${text(milliseconds(latency))} on average`,
      ...(usual === null ? [] : [usual]),
    ],
  }
}

/** What a step of the scale stands for. */
export function stepName(step: number, largest: number, metric: Metric): string {
  if (step === 0) return '0'
  if (largest > 0 && step === STEPS) return `> ${figure((largest * (STEPS - 1)) / STEPS, metric)}`
  return largest > 0 ? `≤ ${figure((largest * step) / STEPS, metric)}` : ''
}

/** The grid in a sentence. */
export function summary(cells: readonly (Cell | undefined)[], metric: Metric): string {
  const known = cells.filter((cell) => cell !== undefined)
  const value = (cell: Cell): number => valueOf(cell, metric) ?? 0
  const [first] = known
  if (first === undefined) return 'No traffic in the newest week.'
  const highest = known.reduce((best, cell) => (value(cell) > value(best) ? cell : best), first)
  const what = METRICS.find((item) => item.value === metric)?.label ?? ''
  const hour = `${DAY_NAMES[highest.day] ?? ''} ${highest.date}, ${String(highest.hour).padStart(2, '0')}:00`
  return `${what} by weekday and hour, highest at ${hour}: ${figure(value(highest), metric)}.`
}
