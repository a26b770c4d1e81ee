/** Short messages at the edge of the page, for what has just been done or has failed. */
export interface Toast {
  readonly id: number
  readonly title?: string
  readonly message: string
  readonly tone: 'plain' | 'bad'
}

const SHOWN_MS = 4500
const MOST = 4

let toasts: readonly Toast[] = []
let newest = 0
const listeners = new Set<() => void>()

function put(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

export const toast = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  read: (): readonly Toast[] => toasts,
  dismiss: (id: number): void => put(toasts.filter((item) => item.id !== id)),
  say: (message: string): void => show({ message, tone: 'plain' }),
  fail: (title: string, message: string): void => show({ title, message, tone: 'bad' }),
}

function show(part: Omit<Toast, 'id'>): void {
  newest += 1
  const id = newest
  put([...toasts, { ...part, id }].slice(-MOST))
  setTimeout(() => toast.dismiss(id), part.tone === 'bad' ? 2 * SHOWN_MS : SHOWN_MS)
}
