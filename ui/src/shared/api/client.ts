import { ApiError } from './errors'
import { toQuery } from './params'
import type { Query, Reports, Route } from './reports'

const BASE_PATH = 'api/v2/analytics/'

interface Envelope {
  success: boolean
  data: unknown
  error: string | null
  field?: string | null
}

export interface Client {
  /** Where the API stands, with a slash at the end. */
  readonly root: URL
  get<R extends Route>(route: R, params: Query<R>, signal?: AbortSignal): Promise<Reports[R]>
  post(route: string, body: unknown): Promise<void>
  remove(route: string): Promise<void>
  url(route: string, params: object): URL
}

function isEnvelope(body: unknown): body is Envelope {
  return typeof body === 'object' && body !== null && 'success' in body && 'data' in body
}

async function envelope(response: Response): Promise<Envelope | null> {
  try {
    const body: unknown = await response.json()
    return isEnvelope(body) ? body : null
  } catch {
    return null
  }
}

function failure(response: Response, body: Envelope | null): ApiError {
  const wait = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return new ApiError(
    response.status,
    body?.error ?? `No figures came back (${response.status} ${response.statusText}).`,
    body?.field ?? null,
    response.headers.get('X-Request-ID'),
    Number.isFinite(wait) ? wait : null,
  )
}

export async function request(url: URL, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, `No answer from ${url.host}.`)
  }
}

/** A client of the server whose pages stand at `base`. It raises `ApiError` and decides nothing for the screen. */
export function createClient(base: string | URL): Client {
  const root = new URL(BASE_PATH, base)
  const url = (route: string, params: object): URL => {
    const target = new URL(route, root)
    target.search = toQuery(params).toString()
    return target
  }
  const send = async (target: URL, init: RequestInit): Promise<unknown> => {
    const response = await request(target, init)
    const body = await envelope(response)
    if (!response.ok || body === null || !body.success) throw failure(response, body)
    return body.data
  }
  return {
    root,
    url,
    get: async (route, params, signal) =>
      // Which answer belongs to which route is the server's word, in its OpenAPI.
      (await send(url(route, params), signal === undefined ? {} : { signal })) as Reports[typeof route],
    post: async (route, body) => {
      const headers = { 'Content-Type': 'application/json' }
      await send(url(route, {}), { method: 'POST', headers, body: JSON.stringify(body) })
    },
    remove: async (route) => {
      await send(url(route, {}), { method: 'DELETE' })
    },
  }
}
