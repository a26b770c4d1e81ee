import type { ChartOptions, Scale } from 'chart.js'
import type { Zone } from '@/shared/format/time'
import type { Kind } from './datasets'
import { onAxis, type Unit } from './model'
import { FONT, type Ink } from './palette'
import { timeTicks } from './ticks'

/** All charts leave the same room for their axis, so that one instant stands at one place on all of them. */
export const AXIS_PIXELS = 50

export interface Look {
  readonly start: number
  readonly end: number
  readonly zone: Zone
  readonly unit: Unit
  readonly kind: Kind
  readonly logarithmic: boolean
  /** The highest value there can be, where the series come near it. */
  readonly ceiling: number | null
  /** There is nothing to measure. */
  readonly empty: boolean
  readonly ink: Ink
}

function roundTimes(look: Look) {
  return (axis: Scale): void => {
    const ticks = timeTicks(look.start, look.end, axis.chart.width - AXIS_PIXELS, look.zone)
    axis.ticks = ticks.map((tick) => ({ value: tick.at, label: tick.label }))
  }
}

const POWERS = new Set([1, 2, 5])

/** Ticks of a logarithmic axis: 1, 2, 5, 10, …; more would overlap. */
function isRound(value: number): boolean {
  const mantissa = value / 10 ** Math.floor(Math.log10(value))
  return POWERS.has(Math.round(mantissa * 100) / 100)
}

/** From zero on, with room above the highest value, unless there can be no higher one. */
function scaleEnds({ logarithmic, ceiling }: Look): { beginAtZero?: true; grace?: string; max?: number } {
  if (logarithmic) return {}
  return ceiling === null ? { beginAtZero: true, grace: '6%' } : { beginAtZero: true, max: ceiling }
}

export function options(look: Look): ChartOptions<'line' | 'bar'> {
  const { ink, unit, logarithmic } = look
  const font = { family: FONT, size: 11 }
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    normalized: true,
    parsing: false,
    events: [],
    layout: { padding: { top: 6, right: 10 } },
    scales: {
      x: {
        type: 'linear',
        min: look.start,
        max: look.end,
        grid: { display: false },
        border: { color: ink.grid },
        afterBuildTicks: roundTimes(look),
        ticks: {
          color: ink.muted,
          font,
          autoSkip: false,
          maxRotation: 0,
          callback: (_value, index, ticks) => ticks[index]?.label ?? '',
        },
        offset: false,
        stacked: look.kind !== 'line',
      },
      y: {
        type: logarithmic ? 'logarithmic' : 'linear',
        ...scaleEnds(look),
        stacked: look.kind !== 'line',
        grid: { color: ink.grid, drawTicks: false },
        border: { display: false },
        afterFit: (axis) => {
          axis.width = AXIS_PIXELS
        },
        ticks: {
          color: ink.muted,
          font,
          padding: 8,
          // There is no half of an error.
          ...(unit === 'count' ? { precision: 0 } : {}),
          maxTicksLimit: logarithmic ? 30 : 5,
          callback: (value) => {
            if (look.empty) return ''
            const number = Number(value)
            return logarithmic && !isRound(number) ? null : onAxis(number, unit)
          },
        },
      },
    },
  }
}
