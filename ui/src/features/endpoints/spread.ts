import type { DistributionBucket, Latency } from '@/shared/api/reports'
import type { Columns } from '@/shared/charts/ColumnChart'
import { count, milliseconds, percent, text } from '@/shared/format/numbers'

/** Columns to a doubling of the latency; the histogram itself is eight times as fine. */
const PER_OCTAVE = 4
const FINE_PER_OCTAVE = 32
const MOST_COLUMNS = 72

function place(milliseconds: number, perOctave: number): number {
  // Bounds are exact powers; the half step keeps rounding from deciding.
  return Math.floor((Math.log2(milliseconds) + 0.5 / FINE_PER_OCTAVE) * perOctave)
}

function name(bin: number, perOctave: number): string {
  return text(milliseconds(2 ** (bin / perOctave)))
}

const MARKERS = [
  ['p50_latency_ms', 'P50'],
  ['p95_latency_ms', 'P95'],
  ['p99_latency_ms', 'P99'],
] as const

/** The fine buckets of the histogram put together to as many columns as can be told apart. */
export function distribution(buckets: readonly DistributionBucket[], latency: Latency, colour: string): Columns {
  const spread = buckets.filter((bucket) => bucket.lower_ms > 0)
  const first = spread[0]?.lower_ms
  const last = spread[spread.length - 1]?.lower_ms
  if (first === undefined || last === undefined) return { columns: [], markers: [] }
  const octaves = Math.log2(last / first)
  const per = octaves * PER_OCTAVE > MOST_COLUMNS ? 1 : PER_OCTAVE
  const low = place(first, per)
  const counts = Array.from({ length: place(last, per) - low + 1 }, () => 0)
  for (const bucket of spread) {
    const index = place(bucket.lower_ms, per) - low
    counts[index] = (counts[index] ?? 0) + bucket.count
  }
  const total = counts.reduce((sum, value) => sum + value, 0)
  let below = 0
  const columns = counts.map((value, index) => {
    below += value
    const bin = low + index
    return {
      label: bin % per === 0 ? name(bin, per) : '',
      detail: `${name(bin, per)} – ${name(bin + 1, per)}`,
      value,
      colour,
      notes: [
        `${text(percent((100 * value) / total, 1))} of all`,
        `${text(percent((100 * below) / total, 1))} are at most this (${count(below)})`,
      ],
    }
  })
  const markers = MARKERS.map(([key, label]) => ({ label, at: Math.log2(latency[key]) * per - low - 0.5 }))
  return { columns, edges: true, markers: latency.latency_count > 0 ? markers : [] }
}
