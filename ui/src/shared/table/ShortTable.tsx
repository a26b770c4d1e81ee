import { useMemo, useRef } from 'react'
import { compare, type Column, type Sort } from './columns'
import { Line, TableBox, type TableProps } from './TableBox'
import { useRowKeys } from './useRowKeys'

function sorted<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): Row[] {
  const column = columns.find(({ id }) => id === sort.id)
  if (column === undefined) return [...rows]
  return [...rows].sort((left, right) => {
    const [a, b] = [column.value(left), column.value(right)]
    // Unknown comes last, whichever way the rest is turned.
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    return sort.descending ? compare(b, a) : compare(a, b)
  })
}

const NOTHING = (): void => undefined

interface ShortTableProps<Row extends object> extends TableProps<Row> {
  /** Enter or a click on a row. */
  readonly onOpen?: (row: Row) => void
}

/** A sortable table of a few rows, for pages that must not wait for the code of the long ones. */
export function ShortTable<Row extends object>({ rows, rowKey, onOpen, ...frame }: ShortTableProps<Row>) {
  const box = useRef<HTMLDivElement>(null)
  const { columns, sort } = frame
  const lines = useMemo(() => sorted(rows, columns, sort), [rows, columns, sort])
  useRowKeys(box, {
    count: lines.length,
    reveal: NOTHING,
    open: (index) => {
      const row = lines[index]
      if (row !== undefined) onOpen?.(row)
    },
  })
  return (
    <TableBox {...frame} box={box} count={lines.length} opens={onOpen !== undefined}>
      {lines.map((row, index) => (
        <Line key={rowKey(row)} columns={columns} row={row} index={index} />
      ))}
    </TableBox>
  )
}
