import { keepPreviousData, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Client } from '@/shared/api/client'
import { useClient } from '@/shared/api/context'
import type { Query, Reports, Route } from '@/shared/api/reports'
import { useRefreshInterval } from '@/shared/live/useLive'
import { useScope } from '@/shared/view/useView'
import { compareOffset } from '@/shared/view/view'
import { earlierParams, windowParams } from '@/shared/view/window'
import { acceptedFilters } from './accepted'
import { FOLLOWS } from './useFollow'

/** One report with its parameters: how it is asked for, kept and named. */
export function reportQuery<R extends Route>(client: Client, route: R, params: Query<R>) {
  return queryOptions({
    queryKey: [route, params] as const,
    queryFn: ({ signal }): Promise<Reports[R]> => client.get(route, params, signal),
  })
}

export interface ReportOptions {
  readonly enabled?: boolean
  /** The stream carries it: no need to ask again while that runs. */
  readonly streamed?: boolean
  /** The report has a window of its own; only the filters are passed. */
  readonly ownWindow?: boolean
}

/** A report of the view on screen. Old figures stay while new ones are on their way. */
export function useReport<R extends Route>(
  route: R,
  params: Query<R> = {},
  options: ReportOptions = {},
): UseQueryResult<Reports[R]> {
  const client = useClient()
  const scope = useScope()
  const interval = useRefreshInterval()
  const window = options.ownWindow === true ? {} : windowParams(scope.range)
  return useQuery({
    ...reportQuery(client, route, { ...window, ...acceptedFilters(route, scope.filters), ...params }),
    enabled: options.enabled ?? true,
    refetchInterval: options.streamed === true ? false : interval,
    ...(options.streamed === true || options.ownWindow === true ? {} : { meta: FOLLOWS }),
    placeholderData: keepPreviousData,
  })
}

/** The same report for the period that the view is compared with; not asked for where there is none. */
export function useComparison<R extends Route>(
  route: R,
  params: Query<R> = {},
): { data: Reports[R] | undefined; offset: number | null } {
  const client = useClient()
  const view = useScope()
  const interval = useRefreshInterval()
  const offset = compareOffset(view)
  const { data } = useQuery({
    ...reportQuery(client, route, {
      ...acceptedFilters(route, view.filters),
      ...earlierParams(view.range, offset ?? 0),
      ...params,
    }),
    enabled: offset !== null,
    refetchInterval: interval === false ? false : Math.max(interval, SLOW_MS),
    placeholderData: keepPreviousData,
  })
  return { data: offset === null ? undefined : data, offset }
}

/** What is over changes little: only its edge moves. */
const SLOW_MS = 30_000
