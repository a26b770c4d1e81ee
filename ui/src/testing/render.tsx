import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router'
import { render, type RenderResult } from '@testing-library/react'
import type { ReactNode } from 'react'
import { createClient } from '@/shared/api/client'
import { ClientContext } from '@/shared/api/context'
import { ZoneContext } from '@/shared/format/zone'
import { LiveStream, type Mode } from '@/shared/live/stream'
import { StreamContext } from '@/shared/live/useLive'
import { parseSearch, stringifySearch } from '@/shared/view/search'
import { theme } from '@/shared/theme/mantine'
import { BASE } from './server'

interface Options {
  readonly at?: string
  readonly mode?: Mode
}

interface Rendered extends RenderResult {
  /** The address as it is now. */
  readonly address: () => string
  readonly stream: LiveStream
}

const utc = { zone: 'utc', setZone: () => undefined } as const

/** The element inside everything the pages stand in: router, client, stream, theme; all in UTC. */
export async function show(element: ReactNode, { at = '/', mode = 'paused' }: Options = {}): Promise<Rendered> {
  const history = createMemoryHistory({ initialEntries: [at] })
  const root = createRootRoute({ component: Outlet })
  const pages = ['/', '/endpoints', '/endpoint', '/errors', '/clients', '/traffic', '/sources'].map((path) =>
    createRoute({ getParentRoute: () => root, path, component: () => element }),
  )
  const router = createRouter({ routeTree: root.addChildren(pages), history, parseSearch, stringifySearch })
  const client = createClient(BASE)
  const stream = new LiveStream(new URL('stream', client.root), mode)
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, gcTime: 0 } } })
  await router.load()
  const result = render(
    <MantineProvider theme={theme} env="test">
      <ZoneContext value={utc}>
        <ClientContext value={client}>
          <StreamContext value={stream}>
            <QueryClientProvider client={queries}>
              <RouterProvider router={router} />
            </QueryClientProvider>
          </StreamContext>
        </ClientContext>
      </ZoneContext>
    </MantineProvider>,
  )
  return { ...result, stream, address: () => history.location.href }
}
