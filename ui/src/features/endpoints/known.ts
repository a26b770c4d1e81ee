import type { EndpointClientRow, EndpointClients } from '@/shared/api/reports'
import { count, quantity } from '@/shared/format/numbers'

/** Whether the count of a row is all there was, not just what is known. */
export function isExact(row: EndpointClientRow): boolean {
  return row.requests_at_most === row.request_count
}

/** How much of the traffic of an endpoint the list of its clients explains. */
export function completeness(data: EndpointClients): string {
  const { total_requests: total, attributed_requests: known, unattributed_requests: unknown } = data
  if (total === null || unknown === null) return `${quantity(known, 'request')} of known clients.`
  if (total === 0) return 'No requests.'
  if (unknown === 0) return `The clients of all ${quantity(total, 'request')} are known.`
  const cause =
    data.overflow_requests === 0 ? 'came without a client address' : 'came without an address, or are past a cap'
  return `The clients of ${count(known)} of ${quantity(total, 'request')} are known; ${count(unknown)} ${cause}.`
}

/** What a count with ≥ before it means; null where there is none. */
export function lowerBounds(rows: readonly EndpointClientRow[]): string | null {
  if (rows.every(isExact)) return null
  return '≥ means at least: of a client that asks many endpoints, only those it asks most in an hour are told apart.'
}
