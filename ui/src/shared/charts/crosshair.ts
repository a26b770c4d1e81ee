/** The instant under the pointer, shared by all charts of the page. */
export interface Pointed {
  /** Unix seconds. */
  readonly at: number
  /** The chart the pointer is on. */
  readonly owner: string
}

let pointed: Pointed | null = null
const listeners = new Set<() => void>()

export const crosshair = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  read: (): Pointed | null => pointed,
  set: (next: Pointed | null): void => {
    if (next?.at === pointed?.at && next?.owner === pointed?.owner) return
    pointed = next
    for (const listener of listeners) listener()
  },
  /** Only the chart that set it takes it away. */
  leave: (owner: string): void => {
    if (pointed?.owner === owner) crosshair.set(null)
  },
}
