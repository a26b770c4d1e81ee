import { FONT, type Ink } from './palette'

export interface Caption {
  readonly title: string
  readonly subtitle: string
  readonly legend: readonly { label: string; colour: string }[]
}

const MARGIN = 16
const HEAD = 52
const FOOT = 32

/**
 * The chart on the colour of its surface with title and legend. `scale` is how many dots of the canvas make a pixel of
 * the page: by default as many as on the screen.
 */
export async function toPng(
  canvas: HTMLCanvasElement,
  caption: Caption,
  ink: Ink,
  scale = canvas.width / Math.max(1, canvas.clientWidth),
): Promise<Blob | null> {
  const picture = document.createElement('canvas')
  picture.width = canvas.width + 2 * MARGIN * scale
  picture.height = canvas.height + (HEAD + FOOT) * scale
  const pen = picture.getContext('2d')
  if (pen === null) return null
  pen.fillStyle = ink.surface
  pen.fillRect(0, 0, picture.width, picture.height)
  pen.drawImage(canvas, MARGIN * scale, HEAD * scale)
  pen.scale(scale, scale)
  pen.fillStyle = ink.text
  pen.font = `600 14px ${FONT}`
  pen.fillText(caption.title, MARGIN, 24)
  pen.fillStyle = ink.muted
  pen.font = `12px ${FONT}`
  pen.fillText(caption.subtitle, MARGIN, 42)
  let x = MARGIN
  const y = picture.height / scale - 14
  for (const item of caption.legend) {
    pen.fillStyle = item.colour
    pen.fillRect(x, y - 8, 10, 8)
    pen.fillStyle = ink.muted
    pen.fillText(item.label, x + 15, y)
    x += 30 + pen.measureText(item.label).width
  }
  return new Promise((resolve) => picture.toBlob(resolve, 'image/png'))
}
