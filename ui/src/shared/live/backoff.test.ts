import { expect, it } from 'vitest'
import { retryDelay } from './backoff'

it('doubles up to thirty seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => retryDelay(attempt, () => 1))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ])
})

it('spreads over the upper half', () => {
  expect(retryDelay(3, () => 0)).toBe(2000)
})
