import { useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useMemo, useRef } from 'react'
import type { Column } from './columns'
import { features, toDefinitions } from './definitions'
import { Line, TableBox, type TableProps } from './TableBox'
import { useRowKeys } from './useRowKeys'
import styles from './DataTable.module.css'

interface DataTableProps<Row extends object> extends TableProps<Row> {
  /** Enter or a click on a row. */
  readonly onOpen?: (row: Row) => void
  /** Height after which the table scrolls by itself; without it, it is as long as it is. */
  readonly maxHeight?: string
}

const ROW_PIXELS = 32
/** On phones a row is high enough for a finger, and has a second line where the name has one of its own. */
const PHONE_PIXELS = { row: 40, lines: 60 }
/** Fewer rows are drawn all at once, which lets the browser's own search find them. */
const VIRTUAL_FROM = 100
const OVERSCAN = 12

function useRowPixels<Row>(columns: readonly Column<Row>[]): number {
  const phone = useMediaQuery('(max-width: 639px)', false, { getInitialValueInEffect: false })
  if (!phone) return ROW_PIXELS
  return columns.some((column) => column.phone === 'line') ? PHONE_PIXELS.lines : PHONE_PIXELS.row
}

/** A sortable table; long ones draw only the rows in sight. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { rows, rowKey, onOpen, ...frame } = props
  const { columns, sort } = frame
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
  const pixels = useRowPixels(columns)
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => box.current,
    estimateSize: () => pixels,
    overscan: OVERSCAN,
    enabled: sorted.length > VIRTUAL_FROM,
  })
  useEffect(() => virtual.measure(), [virtual, pixels])
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
    <TableBox {...frame} box={box} count={sorted.length} opens={onOpen !== undefined}>
      {above > 0 && <Gap pixels={above} columns={columns.length} />}
      {drawn.map((index) => {
        const row = sorted[index]
        return row === undefined ? null : <Line key={row.id} columns={columns} row={row.original} index={index} />
      })}
      {below > 0 && <Gap pixels={below} columns={columns.length} />}
    </TableBox>
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
