import type { ChartDataset } from 'chart.js'
import { faded } from '@/shared/theme/colours'
import { isFilling, type Ghost, type Series, type TimeModel } from './model'
import type { Ink } from './palette'

export type Kind = 'line' | 'area' | 'bars'

export interface XY {
  x: number
  y: number | null
}

export type TimeDataset = ChartDataset<'line' | 'bar', XY[]>

const FILL = 0.16
const FILLING = 0.07

function points(times: readonly number[], values: readonly (number | null)[], shift: number): XY[] {
  return times.map((at, index) => ({ x: at + shift, y: values[index] ?? null }))
}

/** A value between two gaps has no line to be seen by, so it gets a dot. */
function radii(values: readonly (number | null)[]): number[] {
  const gap = (index: number): boolean => (values[index] ?? null) === null
  return values.map((_, index) => (!gap(index) && gap(index - 1) && gap(index + 1) ? 2 : 0))
}

function line(model: TimeModel, series: Series, area: boolean, index: number): TimeDataset {
  const filling = (place: number): boolean => isFilling(model, place)
  return {
    type: 'line',
    label: series.label,
    data: points(model.times, series.values, model.bucketSeconds / 2),
    borderColor: series.colour,
    backgroundColor: faded(series.colour, FILL),
    borderWidth: series.width ?? 1.5,
    borderDash: series.dashed === true ? [5, 5] : [],
    borderJoinStyle: 'round',
    pointRadius: radii(series.values),
    pointBackgroundColor: series.colour,
    pointHitRadius: 0,
    pointHoverRadius: 0,
    fill: area ? (index === 0 ? 'origin' : '-1') : false,
    spanGaps: false,
    stack: area ? 'stack' : series.label,
    segment: {
      borderDash: (context) => (filling(context.p1DataIndex) ? [2, 3] : undefined),
      backgroundColor: (context) => (filling(context.p1DataIndex) ? faded(series.colour, FILLING) : undefined),
    },
  }
}

function bars(model: TimeModel, series: Series): TimeDataset {
  const filling = model.times.map((_, index) => isFilling(model, index))
  return {
    type: 'bar',
    label: series.label,
    data: points(model.times, series.values, model.bucketSeconds / 2),
    backgroundColor: filling.map((soft) => faded(series.colour, soft ? 0.45 : 0.9)),
    borderWidth: 0,
    barPercentage: 0.86,
    categoryPercentage: 1,
    maxBarThickness: 28,
    stack: 'stack',
  }
}

function ghostLine(ghost: Ghost, bucketSeconds: number, ink: Ink): TimeDataset {
  return {
    type: 'line',
    label: ghost.label,
    data: points(ghost.times, ghost.values, bucketSeconds / 2 + ghost.offset),
    borderColor: ink.ghost,
    borderWidth: 1,
    borderDash: [3, 3],
    pointRadius: 0,
    pointHitRadius: 0,
    fill: false,
    stack: 'ghost',
    order: -1,
  }
}

export function datasets(model: TimeModel, kind: Kind, hidden: ReadonlySet<string>, ink: Ink): TimeDataset[] {
  const shown = model.series.filter((series) => !hidden.has(series.label))
  const drawn = shown.map((series, index) =>
    kind === 'bars' ? bars(model, series) : line(model, series, kind === 'area', index),
  )
  return model.ghost === undefined ? drawn : [...drawn, ghostLine(model.ghost, model.bucketSeconds, ink)]
}
