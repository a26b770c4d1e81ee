import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { readSearch, toSearch, toView, type RawSearch } from './search'
import { DIMENSION_NAMES, NONE, toggled, type Dimension, type Filters, type Range, type View } from './view'

/** The view in the address of the page. */
export function useView(): View {
  const search: RawSearch = useSearch({ strict: false })
  return useMemo(() => toView(readSearch(search)), [search])
}

/** What an endpoint page is about, on top of the filters. */
export interface Identity {
  readonly path?: string
  readonly on?: string
  readonly verb?: string
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function readIdentity(raw: Readonly<Record<string, unknown>>): Identity {
  const entries = Object.entries({ path: text(raw['path']), on: text(raw['on']), verb: text(raw['verb']) })
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** The view with what the page itself fixes: on an endpoint page, the endpoint. */
export function useScope(): View {
  const search: RawSearch = useSearch({ strict: false })
  return useMemo(() => {
    const view = toView(readSearch(search))
    const { path, on, verb } = readIdentity(search)
    if (path === undefined || on === undefined) return view
    return { ...view, filters: { ...view.filters, endpoint: [path], protocol: [on], method: [verb ?? NONE] } }
  }, [search])
}

export interface ViewActions {
  /** Replace parts of the view; a new entry in the history, so that Back undoes it. */
  readonly change: (part: Partial<View>) => void
  readonly setRange: (range: Range) => void
  readonly toggle: (dimension: Dimension, value: string) => void
  readonly setFilter: (filters: Filters) => void
}

const VIEW_KEYS: readonly string[] = [...DIMENSION_NAMES, 'range', 'from', 'to', 'granularity', 'compare']

/** The parameters of the address that are the page's own: sorting, searching, the endpoint it is about. */
function own(search: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([name]) => !VIEW_KEYS.includes(name)))
}

export function useViewActions(): ViewActions {
  const navigate = useNavigate()
  const update = useCallback(
    (next: (view: View) => View) => {
      void navigate({
        to: '.',
        search: (before: Record<string, unknown>) => ({
          ...own(before),
          ...toSearch(next(toView(readSearch(before)))),
        }),
        resetScroll: false,
      })
    },
    [navigate],
  )
  return useMemo(
    () => ({
      change: (part) => update((view) => ({ ...view, ...part })),
      setRange: (range) => update((view) => ({ ...view, range })),
      setFilter: (filters) => update((view) => ({ ...view, filters })),
      toggle: (dimension, value) => update((view) => ({ ...view, filters: toggled(view.filters, dimension, value) })),
    }),
    [update],
  )
}
