import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { meta, NOON, overview } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer, refuse } from '@/testing/server'
import { Notices } from './Notices'

const EMPTY = { total_requests: 0, last_request: null, first_request: null }

describe('a window without traffic', () => {
  it('says where the newest request is, and goes there', async () => {
    answer('overview', (query) =>
      query.get('start_time') === '0' && query.get('end_time') === 'now'
        ? overview({ last_request: { at: NOON - 125, resolution: 10 } })
        : overview(EMPTY),
    )
    const { address } = await show(<Notices />, { at: '/?range=15m' })
    expect(await screen.findByText('No traffic in the last 15 minutes.')).toBeVisible()
    expect(screen.getByText(/The newest request is from Jan 31, 11:57/)).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Show it' }))
    // Up to the whole minute after the request, as long as before.
    await waitFor(() => expect(address()).toBe(`/?from=${NOON - 120 - 900}&to=${NOON - 120}`))
  })

  it('offers to drop the filters that hide everything', async () => {
    answer('overview', () => overview(EMPTY))
    const { address } = await show(<Notices />, { at: '/?protocol=SMTP' })
    expect(await screen.findByText('No traffic in the last hour for SMTP.')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Without filters' }))
    await waitFor(() => expect(address()).toBe('/'))
  })

  it('teaches how to connect a source where nothing ever came', async () => {
    answer('overview', () => overview(EMPTY))
    await show(<Notices />)
    expect(await screen.findByText('No traffic yet.')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Connect a source' })).toHaveAttribute('href', '/sources')
  })
})

it('tells what the server warns of', async () => {
  const ofTheCard = 'active connections are left out: they are only told apart by protocol, workspace and environment'
  answer('overview', () => overview({ meta: meta({ warnings: ['the first two days are no longer kept', ofTheCard] }) }))
  await show(<Notices />)
  expect(await screen.findByText('The first two days are no longer kept')).toBeVisible()
  expect(screen.getAllByRole('listitem')).toHaveLength(1)
})

it('says why there are no figures, and tries again', async () => {
  refuse('overview', 503, 'the disk is full')
  await show(<Notices />)
  expect(await screen.findByText('the disk is full')).toBeVisible()
  answer('overview', () => overview({ total_requests: 5 }))
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await waitFor(() => expect(screen.queryByText('the disk is full')).toBeNull())
})
