const FIRST_MS = 1000
const LONGEST_MS = 30_000

/** Milliseconds before the nth attempt (from 1): doubling, capped, and spread so that clients do not come all at once. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS)
  return Math.round(full * (0.5 + random() / 2))
}
