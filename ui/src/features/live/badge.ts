import { fixed } from '@/shared/format/numbers'
import { time, type Zone } from '@/shared/format/time'
import type { StreamState } from '@/shared/live/stream'

export type Tone = 'live' | 'waiting' | 'still' | 'bad'

export interface Badge {
  readonly tone: Tone
  readonly words: string
  /** Why it is so, where it is not the reader's choice. */
  readonly why?: string
  /** For screen readers: without the figures that change all the time. */
  readonly spoken: string
}

/** Older than this and the figures no longer count as live. */
const STALE_MS = 6000

function same(tone: Tone, words: string): Badge {
  return { tone, words, spoken: words }
}

function connected(heardAt: number, now: number, zone: Zone): Badge {
  const age = Math.max(0, now - heardAt)
  if (age > STALE_MS) {
    const since = time(heardAt / 1000, 'second', zone)
    return same('waiting', `stale since ${since}`)
  }
  return { tone: 'live', words: `live · ${fixed(age / 1000, 1)} s`, spoken: 'live' }
}

/** What the badge says, and nothing but what is true. */
export function badge(state: StreamState, moving: boolean, now: number, zone: Zone): Badge {
  if (!moving) return same('still', 'fixed window')
  if (state.mode === 'paused') return same('still', 'paused')
  if (state.mode === 'polling') return same('still', 'every 30 s')
  const { link, heardAt } = state
  switch (link.state) {
    case 'live':
      return heardAt === null ? same('waiting', 'connecting') : connected(heardAt, now, zone)
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((link.retryAt - now) / 1000))
      return { tone: 'bad', words: `reconnecting in ${seconds} s`, spoken: 'reconnecting' }
    }
    case 'connecting':
      return same('waiting', 'connecting')
    case 'refused':
      return {
        ...same('still', 'every 5 s'),
        why: `Asked every 5 seconds: the stream cannot show this. ${link.reason}`,
      }
    case 'off':
      return { ...same('still', 'every 5 s'), why: 'Asked every 5 seconds: the stream knows none of these filters' }
  }
}
