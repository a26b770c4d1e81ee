import type { Route } from '@/shared/api/reports'
import { OF_CLIENTS, OF_ERRORS, without, type Dimension, type Filters } from '@/shared/view/view'

const ACCEPTED: Partial<Record<Route, readonly Dimension[]>> = {
  errors: OF_ERRORS,
  'errors/trend': OF_ERRORS,
  'errors/events': [...OF_ERRORS, 'client_ip'],
  clients: OF_CLIENTS,
  'endpoints/clients': OF_CLIENTS,
}

/** What a page fixes although the report knows it not; whoever asks for that report says so. */
const NOT_TOLD_APART: Partial<Record<Route, readonly Dimension[]>> = { 'endpoints/clients': ['method'] }

/**
 * The filters of a view that a report is asked with: those of requests always, so that one it cannot answer is refused
 * in words; those of errors and clients only where they mean something.
 */
export function acceptedFilters(route: Route, filters: Filters): Filters {
  const accepted = ACCEPTED[route] ?? []
  const left = [...OF_ERRORS, ...OF_CLIENTS].filter((dimension) => !accepted.includes(dimension))
  return without(filters, [...left, ...(NOT_TOLD_APART[route] ?? [])])
}
