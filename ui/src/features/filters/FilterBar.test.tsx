import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { meta, overview } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer } from '@/testing/server'
import { FilterBar } from './FilterBar'

function dimension(values: [string | null, number][]) {
  return answer('dimensions', (query) => ({
    dimension: query.get('dimension') ?? '',
    value_count: values.length,
    values: values.map(([value, count]) => ({ value, count })),
    meta: meta(),
  }))
}

describe('the filter bar', () => {
  it('says in words what is on screen', async () => {
    answer('overview', () => overview({ total_requests: 412_067 }))
    await show(<FilterBar />, { at: '/?range=24h&protocol=HTTP&method=POST' })
    expect(
      await screen.findByText(/412,067 requests · 24 h · HTTP · POST · compared with the day before/),
    ).toBeVisible()
  })

  it('writes what is chosen into the address', async () => {
    answer('overview', () => overview())
    const asked = dimension([
      ['HTTP', 900],
      ['gRPC', 100],
    ])
    const { address } = await show(<FilterBar />)
    await userEvent.click(await screen.findByRole('button', { name: 'Protocol' }))
    await userEvent.click(await screen.findByRole('checkbox', { name: /gRPC/ }))
    await waitFor(() => expect(address()).toBe('/?protocol=gRPC'))
    // The list keeps the other values: it is asked for without its own filter.
    expect(asked.every((query) => query.getAll('protocol').length === 0)).toBe(true)
  })

  it('searches the server for endpoints', async () => {
    answer('overview', () => overview())
    const asked = dimension([['/orders/:id', 5]])
    await show(<FilterBar />)
    await userEvent.click(await screen.findByRole('button', { name: 'Endpoint' }))
    await userEvent.type(await screen.findByRole('textbox', { name: 'Search endpoint' }), 'ord')
    await waitFor(() => expect(asked.map((query) => query.get('search'))).toContain('ord'))
  })

  it('offers the classes of status codes before the codes', async () => {
    answer('overview', () => overview())
    dimension([['404', 3]])
    await show(<FilterBar />)
    await userEvent.click(await screen.findByRole('button', { name: 'Status' }))
    const list = await screen.findByRole('list', { name: 'Status' })
    await within(list).findByRole('checkbox', { name: /404/ })
    const names = within(list)
      .getAllByRole('checkbox')
      .map((box) => (box as HTMLInputElement).labels?.[0]?.textContent)
    expect(names).toEqual(['2xx', '3xx', '4xx', '5xx', '4043'])
  })

  it('takes away one filter, or all', async () => {
    answer('overview', () => overview())
    const { address } = await show(<FilterBar />, { at: '/?protocol=HTTP&status_code=4xx&range=6h' })
    await userEvent.click(await screen.findByRole('button', { name: 'Remove filter Protocol HTTP' }))
    await waitFor(() => expect(address()).toBe('/?status_code=4xx&range=6h'))
    await userEvent.click(await screen.findByRole('button', { name: 'Reset' }))
    await waitFor(() => expect(address()).toBe('/?range=6h'))
  })

  it('changes the window and remembers a view', async () => {
    answer('overview', () => overview())
    const { address } = await show(<FilterBar />, { at: '/?protocol=HTTP' })
    await userEvent.click(await screen.findByRole('button', { name: 'Last hour' }))
    await userEvent.click(await screen.findByRole('button', { name: /Last 7 days/ }))
    await waitFor(() => expect(address()).toBe('/?protocol=HTTP&range=7d'))
    await userEvent.click(screen.getByRole('button', { name: 'Remembered views' }))
    await userEvent.type(await screen.findByRole('textbox', { name: 'Name of this view' }), 'The week')
    await userEvent.click(screen.getByRole('button', { name: 'Remember' }))
    await userEvent.click(screen.getByRole('button', { name: 'Reset' }))
    await waitFor(() => expect(address()).toBe('/?range=7d'))
    if (screen.queryByRole('button', { name: 'The week' }) === null) {
      await userEvent.click(screen.getByRole('button', { name: 'Remembered views' }))
    }
    await userEvent.click(await screen.findByRole('button', { name: 'The week' }))
    await waitFor(() => expect(address()).toBe('/?protocol=HTTP&range=7d'))
  })
})
