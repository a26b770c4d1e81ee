import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { CellTools } from '@/shared/table/CellTools'
import { meta } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer, refuse } from '@/testing/server'
import { Toasts } from '@/shared/ui/Toasts'

function values(list: (string | null)[], total = list.length) {
  return answer('dimensions', (query) => ({
    dimension: query.get('dimension') ?? '',
    value_count: total,
    values: list.map((value) => ({ value, count: 1 })),
    meta: meta(),
  }))
}

async function drop(value: string, at = '/') {
  const shown = await show(
    <>
      <CellTools dimension="status_code" value={value} out />
      <Toasts />
    </>,
    { at },
  )
  await userEvent.click(screen.getByRole('button', { name: `Filter out ${value}` }))
  return shown
}

it('keeps every other value on screen, and says what it did', async () => {
  values(['200', '404', null])
  const { address } = await drop('404')
  await waitFor(() => expect(address()).toBe('/?status_code=200&status_code=%28none%29'))
  expect(await screen.findByText('Without 404: Status is now 2 other values, as seen in this window')).toBeVisible()
})

it('takes one code out of a class', async () => {
  const asked = values(['401', '404', '409'])
  const { address } = await drop('404', '/?status_code=4xx')
  await waitFor(() => expect(address()).toBe('/?status_code=401&status_code=409'))
  expect(asked[0]?.getAll('status_code')).toEqual(['4xx'])
})

it('does not show everything where nothing would be left', async () => {
  values(['404'])
  const { address } = await drop('404', '/?status_code=4xx')
  expect(await screen.findByText('There is nothing but 404 on screen')).toBeVisible()
  expect(address()).toBe('/?status_code=4xx')
})

it('says so where there are too many values to name', async () => {
  values(['200', '404'], 51)
  const { address } = await drop('404')
  expect(await screen.findByText('There are 51 values: choose the ones to see instead')).toBeVisible()
  expect(address()).toBe('/')
})

it('says why where the server refuses', async () => {
  refuse('dimensions', 503, 'the disk is full')
  const { address } = await drop('404')
  expect(await screen.findByText('the disk is full')).toBeVisible()
  expect(address()).toBe('/')
})
