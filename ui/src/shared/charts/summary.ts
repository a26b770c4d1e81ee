import { period, time, type Zone } from '@/shared/format/time'
import { exactly, known, type Series, type TimeModel, type Unit } from './model'

const SPOKEN = 4

function sentence(model: TimeModel, series: Series, unit: Unit, zone: Zone): string {
  const values = known(series.values)
  if (values.length === 0) return `${series.label} unknown`
  const high = Math.max(...values)
  const low = Math.min(...values)
  if (high === low) return `${series.label} steady at ${exactly(high, unit)}`
  const at = model.times[series.values.indexOf(high)] ?? model.start
  const when = time(at, model.end - model.start > 86_400 ? 'moment' : 'minute', zone)
  return `${series.label} between ${exactly(low, unit)} and ${exactly(high, unit)}, highest at ${when}`
}

/** What a chart shows, in one sentence for those who do not see it. */
export function summary(title: string, model: TimeModel, unit: Unit, zone: Zone): string {
  const span = period(model.start, model.end, zone)
  if (model.series.length === 0) return `${title}, ${span}: nothing to show.`
  const parts = model.series.slice(0, SPOKEN).map((series) => sentence(model, series, unit, zone))
  const rest = model.series.length - parts.length
  return `${title}, ${span}: ${parts.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`
}
