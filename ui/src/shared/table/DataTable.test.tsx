import { fireEvent, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import { show } from '@/testing/render'
import { leastPixels, readSort, writeSort, type Column, type Sort } from './columns'
import { DataTable } from './DataTable'

interface Row {
  readonly name: string
  readonly size: number | null
}

const COLUMNS: readonly Column<Row>[] = [
  { id: 'name', title: 'Name', value: (row) => row.name, cell: (row) => row.name },
  { id: 'size', title: 'Size', figure: true, value: (row) => row.size, cell: (row) => row.size ?? '–' },
]

const ROWS: readonly Row[] = [
  { name: 'b10', size: 2 },
  { name: 'b9', size: null },
  { name: 'a', size: 30 },
]

interface SortedProps {
  readonly onOpen?: (row: Row) => void
  readonly columns?: readonly Column<Row>[]
}

function Sorted({ onOpen = () => undefined, columns = COLUMNS }: SortedProps) {
  const [sort, setSort] = useState<Sort>({ id: 'size', descending: true })
  return (
    <DataTable
      label="Things"
      columns={columns}
      rows={ROWS}
      rowKey={(row) => row.name}
      sort={sort}
      onSort={setSort}
      onOpen={onOpen}
      empty="Nothing"
    />
  )
}

function names(): (string | null)[] {
  return screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => within(row).getAllByRole('cell')[0]?.textContent ?? null)
}

it('sorts by any column, unknown last whichever way', async () => {
  await show(<Sorted />)
  expect(names()).toEqual(['a', 'b10', 'b9'])
  await userEvent.click(screen.getByRole('button', { name: 'Size' }))
  expect(names()).toEqual(['b10', 'a', 'b9'])
  expect(screen.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'ascending')
  await userEvent.click(screen.getByRole('button', { name: 'Name' }))
  expect(names()).toEqual(['a', 'b9', 'b10'])
})

it('moves from row to row and opens one', async () => {
  const onOpen = vi.fn()
  await show(<Sorted onOpen={onOpen} />)
  const [, first, second] = screen.getAllByRole('row')
  first?.focus()
  fireEvent.keyDown(first!, { key: 'ArrowDown' })
  expect(second).toHaveFocus()
  fireEvent.keyDown(second!, { key: 'Enter' })
  expect(onOpen).toHaveBeenCalledWith(ROWS[0])
})

it('opens a row by a click, but leaves its links and buttons alone', async () => {
  const onOpen = vi.fn()
  const pressed = vi.fn()
  const columns: readonly Column<Row>[] = [
    ...COLUMNS,
    {
      id: 'act',
      title: 'Act',
      sortable: false,
      value: () => null,
      cell: (row) => (
        <button
          onClick={() => {
            pressed(row.name)
          }}
        >
          Act on {row.name}
        </button>
      ),
    },
  ]
  await show(<Sorted onOpen={onOpen} columns={columns} />)
  await userEvent.click(screen.getByRole('button', { name: 'Act on b9' }))
  expect(pressed).toHaveBeenCalledWith('b9')
  expect(onOpen).not.toHaveBeenCalled()
  await userEvent.click(screen.getByRole('cell', { name: '30' }))
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(ROWS[2])
})

it.each([
  // Columns with a width, and 250 px for each name.
  [[{ width: '80px' }, { width: '100px' }], 180],
  [[{}, { width: '100px' }], 350],
])('leaves all columns their room: %j', (parts, pixels) => {
  const columns = parts.map((part, index) => ({
    id: String(index),
    title: '',
    value: () => null,
    cell: () => null,
    ...part,
  }))
  expect(leastPixels(columns)).toBe(pixels)
})

it.each(['size:desc', 'size:asc'])('keeps %s in the address', (text) => {
  expect(writeSort(readSort(text, { id: 'x', descending: true }))).toBe(text)
})
