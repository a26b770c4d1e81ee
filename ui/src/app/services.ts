import { QueryCache, QueryClient } from '@tanstack/react-query'
import { createClient, type Client } from '@/shared/api/client'
import { ApiError } from '@/shared/api/errors'
import { sessionQuery } from '@/shared/data/useSession'
import { LiveStream } from '@/shared/live/stream'
import { MODES, remember, remembered } from './settings'

export interface Services {
  readonly client: Client
  readonly stream: LiveStream
  readonly queries: QueryClient
}

const UNAUTHORIZED = 401
const RETRIES = 3
const FIRST_RETRY_MS = 1000
const FRESH_MS = 4000
/** Answers of views that nobody looks at any more. */
const KEPT_MS = 60_000

function retries(failures: number, error: Error): boolean {
  return failures < RETRIES && error instanceof ApiError && error.passing
}

function wait(failures: number, error: Error): number {
  const asked = error instanceof ApiError ? error.retryAfter : null
  return asked === null ? FIRST_RETRY_MS * 2 ** failures : asked * 1000
}

function socketUrl(root: URL): URL {
  const url = new URL('stream', root)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

/** What the pages work with, for the server whose pages stand at `base`. */
export function createServices(base: string | URL): Services {
  const client = createClient(base)
  const stream = new LiveStream(socketUrl(client.root), remembered('mode', MODES, 'live'))
  let mode = stream.read().mode
  stream.subscribe(() => {
    if (stream.read().mode === mode) return
    mode = stream.read().mode
    remember('mode', mode)
  })
  const queries = new QueryClient({
    queryCache: new QueryCache({
      // A session that has ended: whoever shows the pages asks for a token again.
      onError: (error, query) => {
        const ended = error instanceof ApiError && error.status === UNAUTHORIZED && query.queryKey[0] !== 'session'
        if (ended) void queries.invalidateQueries({ queryKey: ['session'] })
      },
    }),
    defaultOptions: {
      queries: { staleTime: FRESH_MS, gcTime: KEPT_MS, retry: retries, retryDelay: wait, refetchOnWindowFocus: false },
    },
  })
  // Asked for before anything is drawn, so that the pages need not wait for it.
  queries.query(sessionQuery(client)).catch(() => undefined)
  return { client, stream, queries }
}
