import { http, HttpResponse } from 'msw'
import { describe, expect, it } from 'vitest'
import { answer, BASE, refuse, server } from '@/testing/server'
import { overview } from '@/testing/fixtures'
import { createClient } from './client'
import { ApiError } from './errors'

const client = createClient(BASE)
const ROUTE = `${BASE}api/v2/analytics/overview`

async function failure(): Promise<ApiError> {
  const error: unknown = await client.get('overview', {}).catch((reason: unknown) => reason)
  if (!(error instanceof ApiError)) throw new Error('it did not fail')
  return error
}

describe('the client', () => {
  it('repeats a parameter for each value and leaves out the empty ones', async () => {
    const asked = answer('overview', () => overview())
    await client.get('overview', { duration: '3600', protocol: ['HTTP', 'gRPC'], method: [], start_time: undefined })
    expect(asked.map(String)).toEqual(['duration=3600&protocol=HTTP&protocol=gRPC'])
  })

  it('gives the data of the envelope', async () => {
    answer('overview', () => overview({ total_requests: 42 }))
    expect((await client.get('overview', {})).total_requests).toBe(42)
  })

  it('raises what the server says, with the parameter at fault', async () => {
    refuse('overview', 422, 'duration 0 is not a length of time', 'duration')
    const error = await failure()
    expect(error).toMatchObject({ status: 422, field: 'duration', message: 'duration 0 is not a length of time' })
    expect(error.passing).toBe(false)
  })

  it('raises an answer that is no envelope', async () => {
    server.use(http.get(ROUTE, () => new HttpResponse('<html>', { status: 502, headers: { 'Retry-After': '7' } })))
    const error = await failure()
    expect(error).toMatchObject({ status: 502, retryAfter: 7 })
    expect(error.passing).toBe(true)
  })

  it('raises a page in the place of an answer', async () => {
    server.use(http.get(ROUTE, () => new HttpResponse('<html>', { status: 200 })))
    expect((await failure()).status).toBe(200)
  })

  it('raises silence as status 0', async () => {
    server.use(http.get(ROUTE, () => HttpResponse.error()))
    expect(await failure()).toMatchObject({ status: 0, passing: true })
  })

  it('stands below whatever path the pages have', () => {
    const url = createClient('https://host/tools/analytics/').url('errors/events', { limit: 5 })
    expect(url.href).toBe('https://host/tools/analytics/api/v2/analytics/errors/events?limit=5')
  })
})
