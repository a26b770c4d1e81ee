import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import { describe, expect, it } from 'vitest'
import type { EndpointClientRow, EndpointClients as Data } from '@/shared/api/reports'
import { meta, NOON } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer, refuse } from '@/testing/server'
import { EndpointClients } from './EndpointClients'

const AT = '/endpoint?path=/orders/:id&on=HTTP&verb=GET&environment=prod'

function row(part: Partial<EndpointClientRow> = {}): EndpointClientRow {
  return {
    client_ip: '192.0.2.7',
    request_count: 1200,
    requests_at_most: 1200,
    share: 60,
    first_hour: NOON - 7200,
    last_hour: NOON - 3600,
    agent_families: ['curl', 'Wget'],
    ...part,
  }
}

function found(part: Partial<Data> = {}): Data {
  return {
    clients: [row(), row({ client_ip: '192.0.2.8', request_count: 800, requests_at_most: 800, share: 40 })],
    unique_clients: 2,
    total_requests: 2000,
    attributed_requests: 2000,
    unattributed_requests: 0,
    overflow_requests: 0,
    meta: meta({ start_time: NOON - 7200, end_time: NOON }),
    ...part,
  }
}

function shown(at = AT) {
  return show(<EndpointClients path="/orders/:id" byMethod />, { at })
}

async function cells(): Promise<(string | null)[][]> {
  const table = await screen.findByRole('group', { name: 'Clients of the endpoint' })
  const [, ...lines] = within(table).getAllByRole('row')
  return lines.map((line) =>
    within(line)
      .getAllByRole('cell')
      .map((cell) => cell.textContent),
  )
}

describe('the clients of an endpoint', () => {
  it('are asked for by path, without the method that client rows do not know', async () => {
    const asked = answer('endpoints/clients', () => found())
    await shown()
    expect(await screen.findByRole('heading', { name: '2 clients' })).toBeVisible()
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({
      duration: '3600',
      endpoint: '/orders/:id',
      protocol: 'HTTP',
      environment: 'prod',
      limit: '500',
    })
  })

  it('show address, agents, requests, share and hour, and say that all of them are known', async () => {
    answer('endpoints/clients', () => found())
    await shown()
    expect(await cells()).toEqual([
      ['192.0.2.7', 'curl, Wget', '1,200', '60.0%', 'Jan 31, 11:00'],
      ['192.0.2.8', 'curl, Wget', '800', '40.0%', 'Jan 31, 11:00'],
    ])
    expect(screen.getByText(/^The clients of all 2,000 requests are known\./)).toHaveTextContent(
      'Counted in whole hours, Jan 31, 10:00–12:00, by any method.',
    )
    expect(screen.queryByRole('columnheader', { name: 'At most' })).toBeNull()
  })

  it('mark lower bounds, name the upper ones and explain both', async () => {
    const clients = [row({ requests_at_most: 1250 }), row({ client_ip: '192.0.2.8', request_count: 700, share: 35 })]
    answer('endpoints/clients', () =>
      found({ clients, attributed_requests: 1950, unattributed_requests: 50, overflow_requests: 90 }),
    )
    await shown()
    expect((await cells())[0]?.slice(2, 5)).toEqual(['≥ at least 1,200', '1,250', '60.0%'])
    expect(screen.getByTitle('At least 1,200, at most 1,250')).toHaveTextContent('1,200')
    expect(screen.getByText(/known; 50 came without an address, or are past a cap\./)).toHaveTextContent(
      '≥ means at least',
    )
    expect(screen.getByRole('columnheader', { name: 'At most' })).toBeVisible()
  })

  it.each([
    [{ attributed_requests: 1500, unattributed_requests: 500 }, '1,500 of 2,000 requests are known; 500 came without'],
    [{ total_requests: null, unattributed_requests: null, attributed_requests: 7 }, '7 requests of known clients.'],
    [{ meta: meta({ warnings: ['no history is kept of a day'] }) }, 'Note: no history is kept of a day.'],
  ])('say how complete they are: %o', async (part, words) => {
    answer('endpoints/clients', () => found(part))
    await shown()
    expect(await screen.findByText((text) => text.includes(words))).toBeVisible()
  })

  it('show no share where the total is not known', async () => {
    const clients = [row({ share: null })]
    answer('endpoints/clients', () => found({ clients, total_requests: null, unattributed_requests: null }))
    await shown(`${AT}&client_ip=192.0.2.7`)
    expect((await cells())[0]?.[3]).toBe('–')
  })

  it('lead to the page of clients, filtered by their address', async () => {
    answer('endpoints/clients', () => found())
    const { address } = await shown()
    await userEvent.click(await screen.findByRole('link', { name: '192.0.2.8' }))
    expect(address()).toMatch(/^\/clients\?/)
    const query = new URLSearchParams(address().split('?')[1])
    expect([query.get('client_ip'), query.get('environment'), query.get('path')]).toEqual(['192.0.2.8', 'prod', null])
  })

  it('say so where nobody is known, and that a list is cut', async () => {
    answer('endpoints/clients', () =>
      found({ clients: [], unique_clients: 0, total_requests: 3, attributed_requests: 0, unattributed_requests: 3 }),
    )
    const { unmount } = await shown()
    expect(await screen.findByText('No client is known to have asked this endpoint in this window')).toBeVisible()
    expect(screen.getByText(/0 of 3 requests are known; 3 came without a client address/)).toBeVisible()
    unmount()
    answer('endpoints/clients', () => found({ unique_clients: 9 }))
    await shown()
    expect(await screen.findByText('the 2 with the most requests')).toBeVisible()
  })

  it('give the words of a refusal, and wait visibly', async () => {
    refuse('endpoints/clients', 422, 'status_code cannot filter this report', 'status_code')
    await shown(`${AT}&status_code=5xx`)
    expect(screen.getByLabelText('Loading')).toBeVisible()
    expect(await screen.findByText(/status_code cannot filter this report/)).toBeVisible()
  })

  it('are not asked for where the endpoint stands for many', async () => {
    await show(<EndpointClients path="__overflow__" byMethod={false} />, { at: '/endpoint?path=__overflow__&on=HTTP' })
    expect(await screen.findByText(/Who asked those is not known apart/)).toBeVisible()
  })

  it('pass the checks for accessibility', async () => {
    answer('endpoints/clients', () => found({ clients: [row({ requests_at_most: 1300 })] }))
    const { container } = await shown()
    await cells()
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } })
    expect(violations).toEqual([])
  })
})
