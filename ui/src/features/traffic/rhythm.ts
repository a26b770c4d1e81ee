import type { Slot } from '@/shared/api/reports'
import type { Columns } from '@/shared/charts/ColumnChart'
import { milliseconds, percent, text } from '@/shared/format/numbers'

const HOUR_SECONDS = 3600
const HOURS = 24
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

interface Sum {
  readonly requests: number
  readonly errors: number
  readonly latencies: number
  readonly latencySum: number
  readonly seconds: number
}

function summed(slots: readonly Slot[]): Sum {
  return slots.reduce<Sum>(
    (sum, slot) => ({
      requests: sum.requests + slot.request_count,
      errors: sum.errors + slot.error_count,
      latencies: sum.latencies + slot.latency_count,
      latencySum: sum.latencySum + slot.avg_latency_ms * slot.latency_count,
      seconds: sum.seconds + slot.seconds,
    }),
    { requests: 0, errors: 0, latencies: 0, latencySum: 0, seconds: 0 },
  )
}

function column(label: string, detail: string, slots: readonly Slot[], colour: string) {
  const sum = summed(slots)
  const rate = sum.requests > 0 ? `${text(percent((100 * sum.errors) / sum.requests))} errors` : 'no requests'
  const latency =
    sum.latencies > 0 ? `${text(milliseconds(sum.latencySum / sum.latencies))} on average` : 'latency unknown'
  const value = sum.seconds > 0 ? (sum.requests * HOUR_SECONDS) / sum.seconds : 0
  return { label, detail, value, colour, notes: [rate, latency] }
}

/** Requests an hour by hour of the day, over every day of the window. */
export function hoursOfDay(week: readonly Slot[], colour: string): Columns {
  const columns = Array.from({ length: HOURS }, (_, hour) => {
    const name = String(hour).padStart(2, '0')
    const slots = week.filter((slot) => slot.hour === hour)
    return column(hour % 3 === 0 ? name : '', `${name}:00–${name}:59`, slots, colour)
  })
  return { columns, markers: [] }
}

/** Requests an hour by weekday, Sunday first as in the heatmap. */
export function weekdays(week: readonly Slot[], colour: string): Columns {
  const columns = DAYS.map((name, day) =>
    column(
      name.slice(0, 3),
      name,
      week.filter((slot) => slot.day_of_week === day),
      colour,
    ),
  )
  return { columns, markers: [] }
}
