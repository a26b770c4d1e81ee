import { expect, it } from 'vitest'
import type { DistributionBucket } from '@/shared/api/reports'
import { LATENCY } from '@/testing/fixtures'
import { distribution } from './spread'

/** The buckets of the server: bounds at 2^(i/32) ms. */
function bucket(index: number, count: number): DistributionBucket {
  return { lower_ms: 2 ** (index / 32), upper_ms: 2 ** ((index + 1) / 32), count, share: 0, cumulative_share: 0 }
}

it('puts eight fine buckets into one column, at every exact bound', () => {
  const { columns } = distribution(
    [bucket(0, 1), bucket(7, 2), bucket(8, 4), bucket(31, 8), bucket(32, 16)],
    LATENCY,
    '#000000',
  )
  expect(columns.map((column) => column.value)).toEqual([3, 4, 0, 8, 16])
  expect(columns.map((column) => column.label)).toEqual(['1.00 ms', '', '', '', '2.00 ms'])
})

it('loses nothing, whatever the spread', () => {
  for (const first of [-400, -33, -1, 0, 5]) {
    const buckets = Array.from({ length: 500 }, (_, index) => bucket(first + index, index))
    const { columns } = distribution(buckets, LATENCY, '#000000')
    expect(columns.reduce((sum, column) => sum + column.value, 0)).toBe((499 * 500) / 2)
  }
})

it('is empty without latencies', () => {
  expect(distribution([], LATENCY, '#000000')).toEqual({ columns: [], markers: [] })
})
