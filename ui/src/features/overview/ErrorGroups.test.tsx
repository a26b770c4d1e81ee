import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import type { ErrorEvent, ErrorGroup } from '@/shared/api/reports'
import { meta, NOON } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer } from '@/testing/server'
import { Errors } from './ErrorGroups'

const WHEN = new Date(NOON * 1000).toISOString()

function group(name: string, endpoints: string[], endpointCount = endpoints.length): ErrorGroup {
  return {
    error_type: name,
    error_category: 'client_error',
    count: 5,
    share: 10,
    endpoints,
    endpoint_count: endpointCount,
    last_occurrence: WHEN,
  }
}

function event(id: number): ErrorEvent {
  return {
    id,
    timestamp: WHEN,
    protocol: 'HTTP',
    method: 'GET',
    endpoint: '/orders',
    status_code: 404,
    error_type: 'not_found',
    error_category: 'client_error',
    error_message: null,
    client_ip: null,
    user_agent: null,
    request_id: null,
    trace_id: null,
    span_id: null,
    workspace_id: null,
    environment: null,
    metadata: null,
  }
}

function prepared(groups: ErrorGroup[]): void {
  answer('errors', () => ({ errors: groups, group_count: groups.length, total_errors: 50, meta: meta() }))
  answer('errors/events', () => ({
    events: Array.from({ length: 14 }, (_, index) => event(index)),
    next_cursor: null,
    meta: meta(),
  }))
}

async function panel(name: string): Promise<HTMLElement> {
  return screen.findByRole('region', { name })
}

it('shows as many single errors as take the room of the types beside them', async () => {
  prepared([group('not_found', ['/orders'])])
  await show(<Errors />)
  await within(await panel('Errors by type')).findByText('not found')
  // One type is 47 px high, which is less than two of 32 px: a few are shown all the same.
  expect(await within(await panel('Latest errors')).findAllByRole('listitem')).toHaveLength(4)
})

it('shows a full list beside many types', async () => {
  prepared(Array.from({ length: 10 }, (_, index) => group(`type_${index}`, ['/orders', '/users'])))
  await show(<Errors />)
  // In one line each.
  expect(await within(await panel('Errors by type')).findAllByText('/orders, /users')).toHaveLength(10)
  expect(await within(await panel('Latest errors')).findAllByRole('listitem')).toHaveLength(14)
})

it('names the endpoints of few types line by line', async () => {
  prepared([group('not_found', ['/orders', '', '/a', '/b', '/c', '/d', '/e'], 9)])
  await show(<Errors />)
  const types = within(await panel('Errors by type'))
  expect(await types.findByText('/orders')).toBeVisible()
  expect(types.getByText('(empty path)')).toBeVisible()
  // Six are named, nine there are.
  expect(types.getByText('+3 more')).toBeVisible()
})

it('leads from an error to its endpoint', async () => {
  prepared([group('not_found', ['/orders'])])
  await show(<Errors />, { at: '/?range=24h' })
  const [first] = await screen.findAllByRole('link', { name: 'GET /orders' })
  expect(first).toHaveAttribute('href', '/endpoint?range=24h&path=%2Forders&on=HTTP&verb=GET')
})
