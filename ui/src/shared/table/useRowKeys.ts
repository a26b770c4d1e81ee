import { useEffect, type RefObject } from 'react'

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }

interface Rows {
  readonly count: number
  /** Brings a row into sight. */
  readonly reveal: (index: number) => void
  readonly open: (index: number) => void
}

function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('tr[data-row]') : null
}

/** Links and buttons in a row do what they say; and text that is being marked is to be copied. */
function meansRow(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button') === null && String(window.getSelection()) === ''
}

/** Arrows, Home and End move the focus from row to row, also to those that are not drawn yet; Enter or a click opens one. */
export function useRowKeys(box: RefObject<HTMLElement | null>, { count, reveal, open }: Rows): void {
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const focus = (index: number): boolean => {
      const row = element.querySelector<HTMLElement>(`tr[data-row="${index}"]`)
      row?.focus()
      return row !== null
    }
    const press = (event: KeyboardEvent): void => {
      const row = rowOf(event.target)
      if (row === null) return
      const index = Number(row.dataset['row'])
      const step = STEPS[event.key]
      if (event.key === 'Enter' && event.target === row) open(index)
      const end = event.key === 'Home' ? 0 : event.key === 'End' ? count - 1 : undefined
      const wanted = end ?? (step === undefined ? undefined : index + step)
      if (wanted === undefined) return
      event.preventDefault()
      event.stopPropagation()
      const next = Math.min(count - 1, Math.max(0, wanted))
      reveal(next)
      // A row out of sight is there after the next paint.
      if (!focus(next)) requestAnimationFrame(() => requestAnimationFrame(() => focus(next)))
    }
    const click = (event: MouseEvent): void => {
      const row = rowOf(event.target)
      if (row !== null && meansRow(event.target)) open(Number(row.dataset['row']))
    }
    element.addEventListener('keydown', press)
    element.addEventListener('click', click)
    return () => {
      element.removeEventListener('keydown', press)
      element.removeEventListener('click', click)
    }
  }, [box, count, reveal, open])
}
