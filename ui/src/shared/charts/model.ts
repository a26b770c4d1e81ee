import { bytes, compact, count, milliseconds, percent, rate, text } from '@/shared/format/numbers'

export type Unit = 'rate' | 'count' | 'milliseconds' | 'percent' | 'bytes'

export interface Series {
  readonly label: string
  readonly colour: string
  /** One value a bucket; null where nothing is known. */
  readonly values: readonly (number | null)[]
  readonly dashed?: boolean
  readonly width?: number
}

/** The period of comparison, laid under the series. */
export interface Ghost {
  readonly label: string
  /** How much earlier it was, in seconds. */
  readonly offset: number
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
}

export interface TimeModel {
  readonly times: readonly number[]
  readonly start: number
  readonly end: number
  readonly bucketSeconds: number
  /** Up to when there are figures; the bucket around it is still filling. */
  readonly asOf: number
  readonly series: readonly Series[]
  readonly ghost?: Ghost | undefined
}

export function exactly(value: number, unit: Unit): string {
  switch (unit) {
    case 'rate':
      return text(rate(value))
    case 'milliseconds':
      return text(milliseconds(value))
    case 'percent':
      return text(percent(value))
    case 'bytes':
      return text(bytes(value))
    case 'count':
      return count(value)
  }
}

export function onAxis(value: number, unit: Unit): string {
  if (unit === 'count') return compact(value)
  if (unit === 'percent') return `${Number(value.toPrecision(3))}%`
  if (unit === 'rate') return value >= 10_000 ? compact(value) : String(Number(value.toPrecision(3)))
  if (unit === 'milliseconds') {
    return value >= 1000 ? `${Number((value / 1000).toPrecision(3))} s` : `${Number(value.toPrecision(3))}`
  }
  return text(bytes(value))
}

/** The place of the bucket that holds `seconds`, or -1. */
export function bucketAt(model: TimeModel, seconds: number): number {
  const first = model.times[0]
  if (first === undefined) return -1
  const index = Math.floor((seconds - first) / model.bucketSeconds)
  return index >= 0 && index < model.times.length ? index : -1
}

/** A bucket that has not ended yet holds less than it will. */
export function isFilling(model: TimeModel, index: number): boolean {
  const start = model.times[index]
  return start !== undefined && start + model.bucketSeconds > model.asOf && start <= model.asOf
}

export function known(values: readonly (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null)
}

export function hasValues(model: TimeModel): boolean {
  return model.series.some((series) => series.values.some((value) => value !== null && value !== 0))
}

const ALL_PERCENT = 100
const NEAR_ALL = 60

/** 100 where a series of percentages comes near it: an axis up to 150% would promise what cannot be. */
export function percentCeiling(model: TimeModel): number | null {
  const near = model.series.some((series) => series.values.some((value) => value !== null && value > NEAR_ALL))
  return near ? ALL_PERCENT : null
}
