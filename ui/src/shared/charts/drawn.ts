const PATIENCE_MS = 5000
const PAUSE_MS = 50

/** The canvas inside `place` once there is one: the program that draws it may still be on its way. */
export async function drawnCanvas(place: () => HTMLElement | null): Promise<HTMLCanvasElement | null> {
  for (let waited = 0; waited < PATIENCE_MS; waited += PAUSE_MS) {
    const canvas = place()?.querySelector('canvas')
    if (canvas && canvas.width > 0) return canvas
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return null
}
