import { Activity, ArrowDownToLine, ArrowUpFromLine, Gauge, Hourglass, Mountain, Plug, Sigma, Timer, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { Overview } from '@/shared/api/reports'
import { bytes, count, milliseconds, percent, rate, UNKNOWN, type Figure } from '@/shared/format/numbers'
import type { Better } from '@/shared/ui/change'
import type { Thresholds } from '@/shared/ui/Card'
import { MEANINGS, THRESHOLDS } from './cardTexts'

export type CourseName = 'requests' | 'errors' | 'errorRate' | 'avg' | 'p50' | 'p95' | 'p99'

/** One figure of the overview and how it is shown. */
export interface CardKind {
  readonly key: keyof typeof MEANINGS
  readonly label: string
  readonly icon: LucideIcon
  readonly read: (overview: Overview) => number | null
  readonly format: (value: number | null) => Figure
  readonly better: Better
  readonly anchor: string
  readonly course?: CourseName
  readonly thresholds?: Thresholds
}

const plain = (value: number | null): Figure => ({ value: value === null ? UNKNOWN : count(value), unit: '' })
const perSecond = (value: number | null): Figure => (value === null ? plain(null) : rate(value))
const size = (value: number | null): Figure => (value === null ? plain(null) : bytes(value))
const ofAll = (value: number | null): Figure => (value === null ? plain(null) : percent(value))

/** Unknown where no request has a latency; the contract sends 0 then. */
function latency(key: 'avg_latency_ms' | 'p50_latency_ms' | 'p95_latency_ms' | 'p99_latency_ms') {
  return (overview: Overview): number | null => (overview.latency_count > 0 ? overview[key] : null)
}

export const LARGE: readonly CardKind[] = [
  { key: 'requests', label: 'Total requests', icon: Sigma, read: (o) => o.total_requests, format: plain, better: 'neither', anchor: 'rate', course: 'requests' },
  { key: 'rate', label: 'Requests/sec', icon: Activity, read: (o) => o.requests_per_second, format: perSecond, better: 'neither', anchor: 'rate', course: 'requests' },
  { key: 'errorRate', label: 'Error rate', icon: TriangleAlert, read: (o) => (o.total_requests > 0 ? o.error_rate : null), format: ofAll, better: 'lower', anchor: 'error-rate', course: 'errorRate', thresholds: THRESHOLDS.errorRate },
  { key: 'average', label: 'Avg latency', icon: Timer, read: latency('avg_latency_ms'), format: milliseconds, better: 'lower', anchor: 'latency', course: 'avg', thresholds: THRESHOLDS.average },
  { key: 'p95', label: 'P95 latency', icon: Hourglass, read: latency('p95_latency_ms'), format: milliseconds, better: 'lower', anchor: 'latency', course: 'p95', thresholds: THRESHOLDS.p95 },
  { key: 'connections', label: 'Active connections', icon: Plug, read: (o) => (o.active_connections_known ? o.active_connections : null), format: plain, better: 'neither', anchor: 'rate' },
]

export const SMALL: readonly CardKind[] = [
  { key: 'errors', label: 'Errors', icon: TriangleAlert, read: (o) => o.total_errors, format: plain, better: 'lower', anchor: 'errors-by-category' },
  { key: 'peak', label: 'Peak rate', icon: Mountain, read: (o) => o.peak?.rate ?? null, format: perSecond, better: 'neither', anchor: 'rate' },
  { key: 'p50', label: 'P50 latency', icon: Gauge, read: latency('p50_latency_ms'), format: milliseconds, better: 'lower', anchor: 'latency' },
  { key: 'p99', label: 'P99 latency', icon: Hourglass, read: latency('p99_latency_ms'), format: milliseconds, better: 'lower', anchor: 'latency' },
  { key: 'sent', label: 'Bytes sent', icon: ArrowUpFromLine, read: (o) => o.total_bytes_sent, format: size, better: 'neither', anchor: 'rate' },
  { key: 'received', label: 'Bytes received', icon: ArrowDownToLine, read: (o) => o.total_bytes_received, format: size, better: 'neither', anchor: 'rate' },
]
