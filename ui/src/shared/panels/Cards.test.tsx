import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { NO_LATENCY, NOON, overview, series, meta } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer, refuse } from '@/testing/server'
import type { Overview } from '@/shared/api/reports'
import { Cards } from './Cards'

/** Answers the overview: `now` for the window, `before` for the one it is compared with. */
function prepared(now: Overview, before: Overview): void {
  answer('overview', (query) => (query.get('end_time') === 'now-3600s' ? before : now))
  answer('requests', () => series({ HTTP: [1, 2, 3] }))
  answer('latency', () => ({ trends: [], meta: meta({ bucket_seconds: 60, generated_at: NOON }) }))
}

async function card(name: string): Promise<HTMLElement> {
  return screen.findByRole('button', { name: new RegExp(`^${name}`) })
}

describe('the cards', () => {
  it('show each figure with its unit and its change', async () => {
    prepared(overview({ total_requests: 1200 }), overview({ total_requests: 1000 }))
    await show(<Cards />)
    expect(await screen.findByText('1,200')).toBeVisible()
    const requests = await card('Total requests')
    expect(await within(requests).findByText('20%')).toBeVisible()
    expect(await card('P95 latency')).toHaveTextContent('120ms')
    expect(await card('Bytes sent')).toHaveTextContent('5.00MB')
  })

  it('say unknown where no latency is known, never 0 ms', async () => {
    prepared(overview(NO_LATENCY), overview(NO_LATENCY))
    await show(<Cards />)
    expect(await screen.findByText('1,234')).toBeVisible()
    for (const name of ['Avg latency', 'P95 latency', 'P50 latency', 'P99 latency']) {
      expect(await card(name)).toHaveTextContent('–')
      expect(await card(name)).not.toHaveTextContent('ms')
    }
  })

  it('say unknown where no source reports connections', async () => {
    prepared(overview({ active_connections: 0, active_connections_known: false }), overview())
    await show(<Cards />)
    await screen.findByText('1,234')
    expect(await card('Active connections')).toHaveTextContent('–')
  })

  it.each([
    [0.99, 'good'],
    [1, 'raised'],
    [5, 'too high'],
  ])('call an error rate of %d percent %s', async (rate, word) => {
    prepared(overview({ error_rate: rate }), overview())
    await show(<Cards />)
    await screen.findByText('1,234')
    expect(await card('Error rate')).toHaveTextContent(word)
  })

  it('compare with nothing where the reader wants none', async () => {
    const asked = answer('overview', () => overview())
    answer('requests', () => series({}))
    answer('latency', () => ({ trends: [], meta: meta() }))
    await show(<Cards />, { at: '/?compare=off' })
    await screen.findByText('1,234')
    expect(asked).toHaveLength(1)
  })

  it('keep waiting where the server refuses; the page says why', async () => {
    refuse('overview', 503, 'the disk is full')
    answer('requests', () => series({}))
    answer('latency', () => ({ trends: [], meta: meta() }))
    await show(<Cards />, { at: '/?compare=off' })
    expect(await screen.findByLabelText('Loading Total requests')).toBeVisible()
  })
})
