import { ArrowDown, ArrowUp } from 'lucide-react'
import { phoneOf, type Column, type Sort } from './columns'

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sort: Sort
  readonly onSort: (sort: Sort) => void
}

function next<Row>(column: Column<Row>, sort: Sort): Sort {
  if (sort.id === column.id) return { id: sort.id, descending: !sort.descending }
  return { id: column.id, descending: column.figure ?? false }
}

/** The titles of the columns; a click sorts by one, another one turns it round. */
export function Head<Row>({ columns, sort, onSort }: HeadProps<Row>) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const active = sort.id === column.id
          const direction = active ? (sort.descending ? 'descending' : 'ascending') : undefined
          const Arrow = sort.descending ? ArrowDown : ArrowUp
          return (
            <th
              key={column.id}
              scope="col"
              aria-sort={direction}
              style={{ width: column.width }}
              data-figure={column.figure || undefined}
              data-phone={phoneOf(column)}
              title={column.hint}
            >
              {column.sortable === false ? (
                column.title
              ) : (
                <button type="button" onClick={() => onSort(next(column, sort))} data-active={active || undefined}>
                  {column.title}
                  {active && <Arrow size={12} aria-hidden="true" />}
                </button>
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
