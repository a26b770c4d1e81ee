import type { Range } from '@/shared/view/view'

const MINUTE = 60

/** A window of `seconds` that ends just after `newest`, on whole minutes. */
export function bracket(newest: number, seconds: number): Range {
  const to = Math.floor(newest / MINUTE) * MINUTE + MINUTE
  return { from: to - Math.max(seconds, MINUTE), to }
}
