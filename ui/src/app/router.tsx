import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from '@tanstack/react-router'
import { OverviewPage } from '@/features/overview/OverviewPage'
import { parseSearch, readSearch, stringifySearch, type RawSearch } from '@/shared/view/search'
import { readIdentity } from '@/shared/view/useView'
import { Frame } from './frame/Frame'
import { Lost } from './frame/Lost'
import { PageError } from './frame/PageError'
import { load } from '@/shared/ui/load'

const root = createRootRoute({
  component: Frame,
  notFoundComponent: Lost,
  errorComponent: PageError,
  validateSearch: (raw: RawSearch) => readSearch(raw),
})

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What a table is searched for and sorted by. */
function tableSearch(raw: RawSearch): { q?: string; sort?: string } {
  const entries = Object.entries({ q: text(raw['q']), sort: text(raw['sort']) })
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
  createRoute({
    getParentRoute: () => root,
    path: '/endpoints',
    validateSearch: tableSearch,
    component: lazyRouteComponent(() => load(() => import('@/features/endpoints/EndpointsPage')), 'EndpointsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/endpoint',
    validateSearch: (raw: RawSearch) => readIdentity(raw),
    component: lazyRouteComponent(() => load(() => import('@/features/endpoints/EndpointPage')), 'EndpointPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/errors',
    validateSearch: tableSearch,
    component: lazyRouteComponent(() => load(() => import('@/features/errors/ErrorsPage')), 'ErrorsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clients',
    validateSearch: tableSearch,
    component: lazyRouteComponent(() => load(() => import('@/features/clients/ClientsPage')), 'ClientsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/traffic',
    component: lazyRouteComponent(() => load(() => import('@/features/traffic/TrafficPage')), 'TrafficPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sources',
    component: lazyRouteComponent(() => load(() => import('@/features/sources/SourcesPage')), 'SourcesPage'),
  }),
]

/** All pages lie side by side under `basepath`, so that relative addresses in the page hold on every one of them. */
export function makeRouter(history: RouterHistory, basepath: string) {
  return createRouter({
    routeTree: root.addChildren(routes),
    history,
    basepath,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })
}
