import { OF_CLIENTS, OF_ERRORS, without, type Filters } from './view'

/** The filters that go along to the page at `path`: all but those that only another page can answer. */
export function carried(filters: Filters, path: string): Filters {
  const errors = path === '/errors' ? [] : OF_ERRORS
  const clients = path === '/clients' ? [] : OF_CLIENTS
  return without(filters, [...errors, ...clients])
}
