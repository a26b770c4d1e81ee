import { useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { features, toDefinitions, type Column, type Sort } from './columns'
import { Head } from './Head'
import { useRowKeys } from './useRowKeys'
import styles from './DataTable.module.css'

interface DataTableProps<Row extends object> {
  /** What the rows are, for screen readers. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sort: Sort
  readonly onSort: (sort: Sort) => void
  /** Enter on a row. */
  readonly onOpen?: (row: Row) => void
  /** Height after which the table scrolls by itself; without it, it is as long as it is. */
  readonly maxHeight?: string
  readonly empty: string
}

const ROW_PIXELS = 32
/** Fewer rows are drawn all at once, which lets the browser's own search find them. */
const VIRTUAL_FROM = 100
const OVERSCAN = 12

/** A sortable table; long ones draw only the rows in sight. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, sort, onSort, onOpen, maxHeight, empty } = props
  const box = useRef<HTMLDivElement>(null)
  const definitions = useMemo(() => toDefinitions(columns), [columns])
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    state: { sorting: [{ id: sort.id, desc: sort.descending }] },
  })
  const sorted = table.getRowModel().rows
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PIXELS,
    overscan: OVERSCAN,
    enabled: sorted.length > VIRTUAL_FROM,
  })
  const items = sorted.length > VIRTUAL_FROM ? virtual.getVirtualItems() : null
  const drawn = items === null ? sorted.map((_, index) => index) : items.map((item) => item.index)
  const above = items?.[0]?.start ?? 0
  const below = items === null ? 0 : virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0)
  useRowKeys(box, {
    count: sorted.length,
    reveal: (index) => virtual.scrollToIndex(index),
    open: (index) => {
      const row = sorted[index]
      if (row !== undefined) onOpen?.(row.original)
    },
  })
  return (
    <div ref={box} className={styles.box} style={{ maxHeight }} tabIndex={0} role="group" aria-label={label}>
      <table className={styles.table} aria-rowcount={sorted.length + 1}>
        <Head columns={columns} sort={sort} onSort={onSort} />
        <tbody>
          {above > 0 && <Gap pixels={above} columns={columns.length} />}
          {drawn.map((index) => {
            const row = sorted[index]
            return row === undefined ? null : (
              <tr key={row.id} aria-rowindex={index + 2} data-row={index} tabIndex={index === 0 ? 0 : -1}>
                {columns.map((column) => (
                  <td key={column.id} data-figure={column.figure || undefined} data-phone={column.phone || undefined}>
                    {column.cell(row.original)}
                  </td>
                ))}
              </tr>
            )
          })}
          {below > 0 && <Gap pixels={below} columns={columns.length} />}
        </tbody>
      </table>
      {rows.length === 0 && <p className={styles.empty}>{empty}</p>}
    </div>
  )
}

/** Stands for the rows out of sight. */
function Gap({ pixels, columns }: { pixels: number; columns: number }) {
  return (
    <tr aria-hidden="true" className={styles.gap}>
      <td colSpan={columns} style={{ height: pixels }} />
    </tr>
  )
}
