import type { ReactNode } from 'react'

/** One column of a table. */
export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** What the column means, for its title on hover. */
  readonly hint?: string
  /** What it is sorted by; null is unknown and comes last. */
  readonly value: (row: Row) => string | number | null
  readonly cell: (row: Row) => ReactNode
  /** Figures stand at the right, so that their decimals line up. */
  readonly figure?: boolean
  /** CSS width; the rest is shared by the columns without one. */
  readonly width?: string
  /** One of the few that stay on a phone. */
  readonly phone?: boolean
  readonly sortable?: boolean
}

export interface Sort {
  readonly id: string
  readonly descending: boolean
}

export function readSort(text: string | undefined, fallback: Sort): Sort {
  if (text === undefined) return fallback
  const [id = '', direction] = text.split(':')
  return id === '' ? fallback : { id, descending: direction !== 'asc' }
}

export function writeSort({ id, descending }: Sort): string {
  return `${id}:${descending ? 'desc' : 'asc'}`
}

/** The order of two known values of a column. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}
