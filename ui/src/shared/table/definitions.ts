import { createColumnHelper, createSortedRowModel, rowSortingFeature, tableFeatures } from '@tanstack/react-table'
import { compare, type Column } from './columns'

export const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })

/** The columns as the table library knows them. */
export function toDefinitions<Row extends object>(columns: readonly Column<Row>[]) {
  const helper = createColumnHelper<typeof features, Row>()
  return helper.columns(
    columns.map((column) =>
      helper.accessor((row) => column.value(row) ?? undefined, {
        id: column.id,
        enableSorting: column.sortable ?? true,
        sortDescFirst: column.figure ?? false,
        sortUndefined: 'last',
        sortFn: (a, b, id) => compare(a.getValue(id), b.getValue(id)),
      }),
    ),
  )
}
