import { fixed } from '@/shared/format/numbers'

/** Which way is good: more requests are neither. */
export type Better = 'lower' | 'higher' | 'neither'

export interface Change {
  readonly text: string
  readonly direction: 'up' | 'down' | 'same'
  readonly verdict: 'good' | 'bad' | 'neutral'
}

const SMALLEST_PERCENT = 0.5
const LARGEST_PERCENT = 999

/** How a figure differs from that of the period before; null where either is unknown. */
export function change(now: number | null, before: number | null, better: Better): Change | null {
  if (now === null || before === null) return null
  if (before === 0) return now === 0 ? { text: '0%', direction: 'same', verdict: 'neutral' } : rising('new', better)
  const percent = (100 * (now - before)) / before
  if (Math.abs(percent) < SMALLEST_PERCENT) return { text: '0%', direction: 'same', verdict: 'neutral' }
  const size = Math.abs(percent)
  const text = size > LARGEST_PERCENT ? `>${LARGEST_PERCENT}%` : `${fixed(size, size < 10 ? 1 : 0)}%`
  if (percent > 0) return rising(text, better)
  const verdict = better === 'neither' ? 'neutral' : better === 'lower' ? 'good' : 'bad'
  return { text, direction: 'down', verdict }
}

function rising(text: string, better: Better): Change {
  const verdict = better === 'neither' ? 'neutral' : better === 'higher' ? 'good' : 'bad'
  return { text, direction: 'up', verdict }
}
