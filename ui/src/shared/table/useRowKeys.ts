import { useEffect, type RefObject } from 'react'

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }

interface Rows {
  readonly count: number
  /** Brings a row into sight. */
  readonly reveal: (index: number) => void
  readonly open: (index: number) => void
}

/** Arrows, Home and End move the focus from row to row, also to those that are not drawn yet; Enter opens one. */
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
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('tr[data-row]') : null
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
    element.addEventListener('keydown', press)
    return () => element.removeEventListener('keydown', press)
  }, [box, count, reveal, open])
}
