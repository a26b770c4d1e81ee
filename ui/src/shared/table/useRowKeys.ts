import type { KeyboardEvent, RefObject } from 'react'

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }

/** Arrows move the focus from row to row, also to those that are not drawn yet. */
export function useRowKeys(box: RefObject<HTMLElement | null>, count: number, reveal: (index: number) => void) {
  const focus = (index: number): boolean => {
    const row = box.current?.querySelector<HTMLElement>(`tr[data-row="${index}"]`)
    row?.focus()
    return row !== undefined && row !== null
  }
  return (event: KeyboardEvent<HTMLElement>): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('tr[data-row]')
    const step = STEPS[event.key]
    if (row === null || step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const index = Math.min(count - 1, Math.max(0, Number(row.dataset['row']) + step))
    reveal(index)
    // A row out of sight is there after the next paint.
    if (!focus(index)) requestAnimationFrame(() => requestAnimationFrame(() => focus(index)))
  }
}
