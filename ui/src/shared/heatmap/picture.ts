import { FONT, type Ink } from '@/shared/charts/palette'
import { place } from '@/shared/ui/place'
import { DAYS, HOURS, stepOf, STEPS, valueOf, type Cell, type Metric } from './week'
import { DAY_NAMES, stepName } from './words'

const SCALE = 2
const DAY_WIDTH = 40
const HEAD_HEIGHT = 20
const CELL = { width: 36, height: 25, gap: 2 }

/** The colours of the steps, as the stylesheet has them for the scheme in use. */
function heat(): string[] {
  const style = getComputedStyle(place())
  return Array.from({ length: STEPS + 1 }, (_, step) => style.getPropertyValue(`--heat-${step}`).trim())
}

interface HeatPicture {
  readonly canvas: HTMLCanvasElement
  /** Dots a pixel. */
  readonly scale: number
  readonly legend: readonly { label: string; colour: string }[]
}

/** The grid as a picture; hours without data stay empty. */
export function heatPicture(
  cells: readonly (Cell | undefined)[],
  metric: Metric,
  largest: number,
  ink: Ink,
): HeatPicture {
  const colours = heat()
  const canvas = document.createElement('canvas')
  canvas.width = (DAY_WIDTH + HOURS * CELL.width) * SCALE
  canvas.height = (HEAD_HEIGHT + DAYS * (CELL.height + CELL.gap)) * SCALE
  const pen = canvas.getContext('2d')
  const legend = colours.map((colour, step) => ({ colour, label: stepName(step, largest, metric) }))
  if (pen === null) return { canvas, scale: SCALE, legend }
  pen.scale(SCALE, SCALE)
  pen.font = `11px ${FONT}`
  pen.fillStyle = ink.muted
  DAY_NAMES.forEach((name, day) => pen.fillText(name, 0, HEAD_HEIGHT + day * (CELL.height + CELL.gap) + 17))
  pen.textAlign = 'center'
  for (let hour = 0; hour < HOURS; hour += 1) {
    pen.fillText(String(hour), DAY_WIDTH + (hour + 0.5) * CELL.width, 13)
  }
  cells.forEach((cell, slot) => {
    if (cell === undefined) return
    const [day, hour] = [Math.floor(slot / HOURS), slot % HOURS]
    pen.fillStyle = colours[stepOf(valueOf(cell, metric), largest)] ?? ink.grid
    const top = HEAD_HEIGHT + day * (CELL.height + CELL.gap)
    pen.fillRect(DAY_WIDTH + hour * CELL.width, top, CELL.width - CELL.gap, CELL.height)
  })
  return { canvas, scale: SCALE, legend }
}
