import { http, HttpResponse, type JsonBodyType } from 'msw'
import { setupServer } from 'msw/node'
import type { Reports, Route } from '@/shared/api/reports'

export const server = setupServer()

/** Where the tests pretend the pages stand. */
export const BASE = 'http://analytics.test/'

const ROOT = `${BASE}api/v2/analytics/`

/** Answers a report from `make`, which sees the parameters; returns the list of what was asked. */
export function answer<R extends Route>(route: R, make: (query: URLSearchParams) => Reports[R]): URLSearchParams[] {
  const asked: URLSearchParams[] = []
  server.use(
    http.get(ROOT + route, ({ request }) => {
      const query = new URL(request.url).searchParams
      asked.push(query)
      const data = make(query) as JsonBodyType
      return HttpResponse.json({ success: true, data, error: null, timestamp: '2026-01-31T12:00:00Z' })
    }),
  )
  return asked
}

/** Refuses a report. */
export function refuse(route: Route, status: number, error: string, field: string | null = null): void {
  server.use(
    http.get(ROOT + route, () =>
      HttpResponse.json({ success: false, data: null, error, field, timestamp: '2026-01-31T12:00:00Z' }, { status }),
    ),
  )
}
