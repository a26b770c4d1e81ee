import type { ReactNode, RefObject } from 'react'
import { leastPixels, phoneOf, type Column, type Sort } from './columns'
import { Head } from './Head'
import styles from './DataTable.module.css'

export interface TableProps<Row extends object> {
  /** What the rows are, for screen readers. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sort: Sort
  readonly onSort: (sort: Sort) => void
  readonly empty: string
}

interface TableBoxProps<Row extends object> extends Omit<TableProps<Row>, 'rows' | 'rowKey'> {
  readonly box: RefObject<HTMLDivElement | null>
  readonly count: number
  readonly maxHeight?: string | undefined
  /** A click on a row opens it. */
  readonly opens?: boolean
  /** Its rows. */
  readonly children: ReactNode
}

/** The frame of a table: its head, its rows, and a sentence where there are none. */
export function TableBox<Row extends object>(props: TableBoxProps<Row>) {
  const { box, label, count, columns, sort, onSort, empty, maxHeight, opens = false, children } = props
  const lines = columns.some((column) => column.phone === 'line')
  return (
    <div ref={box} className={styles.box} style={{ maxHeight }} tabIndex={0} role="group" aria-label={label}>
      <table
        className={styles.table}
        style={{ minWidth: leastPixels(columns) }}
        data-lines={lines || undefined}
        data-opens={opens || undefined}
        aria-rowcount={count + 1}
      >
        <Head columns={columns} sort={sort} onSort={onSort} />
        <tbody>{children}</tbody>
      </table>
      {count === 0 && <p className={styles.empty}>{empty}</p>}
    </div>
  )
}

interface LineProps<Row extends object> {
  readonly columns: readonly Column<Row>[]
  readonly row: Row
  readonly index: number
}

/** One row; arrows lead from the first to the others. */
export function Line<Row extends object>({ columns, row, index }: LineProps<Row>) {
  return (
    <tr aria-rowindex={index + 2} data-row={index} tabIndex={index === 0 ? 0 : -1}>
      {columns.map((column) => (
        <td key={column.id} data-figure={column.figure || undefined} data-phone={phoneOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}
