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
  /** One of the few that stay on a phone; `line` gets a line of its own there, above the figures. */
  readonly phone?: boolean | 'line'
  readonly sortable?: boolean
}

export interface Sort {
  readonly id: string
  readonly descending: boolean
}

/** Where a column stands on a phone, for the styles. */
export function phoneOf<Row>({ phone }: Column<Row>): 'line' | 'true' | undefined {
  return phone === 'line' ? 'line' : phone === true ? 'true' : undefined
}

const NAME_PIXELS = 250

/** The room that all columns need; one without a width of its own still shows a name. */
export function leastPixels<Row>(columns: readonly Column<Row>[]): number {
  return columns.reduce((sum, { width }) => sum + (width === undefined ? NAME_PIXELS : Number.parseInt(width, 10)), 0)
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
