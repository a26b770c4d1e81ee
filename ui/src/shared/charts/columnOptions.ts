import type { ChartOptions, Plugin } from 'chart.js'
import { onAxis, type Unit } from './model'
import { AXIS_PIXELS } from './options'
import { FONT, type Ink } from './palette'

export interface Column {
  /** Under the column, where there is room; empty for none. */
  readonly label: string
  /** What the column stands for, in full. */
  readonly detail: string
  readonly value: number
  readonly colour: string
  readonly notes: readonly string[]
}

/** A line across the columns, at a place counted in columns. */
export interface Marker {
  readonly at: number
  readonly label: string
}

export function columnOptions(columns: readonly Column[], unit: Unit, ink: Ink, shift: number): ChartOptions<'bar'> {
  const font = { family: FONT, size: 11 }
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    parsing: false,
    events: [],
    layout: { padding: { top: 18, right: 10 } },
    scales: {
      x: {
        type: 'linear',
        min: -0.5,
        max: columns.length - 0.5,
        offset: false,
        grid: { display: false },
        border: { color: ink.grid },
        afterBuildTicks: (axis) => {
          axis.ticks = columns.flatMap(({ label }, value) => (label === '' ? [] : [{ value: value + shift, label }]))
        },
        ticks: {
          color: ink.muted,
          font,
          autoSkip: true,
          autoSkipPadding: 8,
          maxRotation: 0,
          callback: (_value, index, ticks) => ticks[index]?.label ?? '',
        },
      },
      y: {
        beginAtZero: true,
        grid: { color: ink.grid, drawTicks: false },
        border: { display: false },
        afterFit: (axis) => {
          axis.width = AXIS_PIXELS
        },
        ticks: {
          color: ink.muted,
          font,
          padding: 8,
          maxTicksLimit: 5,
          callback: (value) => onAxis(Number(value), unit),
        },
      },
    },
  }
}

const LABEL_ROOM = 34

/** Draws the markers; a label that would cover the one before it is left out. */
export function markerLines(markers: readonly Marker[], ink: Ink): Plugin<'bar'> {
  return {
    id: 'markers',
    afterDatasetsDraw: (chart) => {
      const { ctx: pen, chartArea, scales } = chart
      const scale = scales['x']
      if (scale === undefined) return
      pen.save()
      pen.strokeStyle = ink.text
      pen.fillStyle = ink.text
      pen.font = `500 11px ${FONT}`
      pen.textAlign = 'center'
      let free = -Infinity
      for (const { at, label } of markers) {
        const x = scale.getPixelForValue(at)
        pen.setLineDash([3, 3])
        pen.beginPath()
        pen.moveTo(x, chartArea.top)
        pen.lineTo(x, chartArea.bottom)
        pen.stroke()
        if (x < free) continue
        pen.fillText(label, x, chartArea.top - 5)
        free = x + LABEL_ROOM
      }
      pen.restore()
    },
  }
}
