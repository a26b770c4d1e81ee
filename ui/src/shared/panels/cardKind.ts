import type { LucideIcon } from 'lucide-react'
import type { Overview } from '@/shared/api/reports'
import { bytes, count, percent, rate, UNKNOWN, type Figure } from '@/shared/format/numbers'
import type { Better } from '@/shared/ui/change'
import type { Thresholds } from '@/shared/ui/Card'
import type { MEANINGS } from './cardTexts'

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

export const plain = (value: number | null): Figure => ({ value: value === null ? UNKNOWN : count(value), unit: '' })
export const perSecond = (value: number | null): Figure => (value === null ? plain(null) : rate(value))
export const size = (value: number | null): Figure => (value === null ? plain(null) : bytes(value))
export const ofAll = (value: number | null): Figure => (value === null ? plain(null) : percent(value))

/** Unknown where no request has a latency; the contract sends 0 then. */
export function latency(key: 'avg_latency_ms' | 'p50_latency_ms' | 'p95_latency_ms' | 'p99_latency_ms') {
  return (overview: Overview): number | null => (overview.latency_count > 0 ? overview[key] : null)
}
