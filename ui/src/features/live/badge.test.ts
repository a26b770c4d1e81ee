import { expect, it } from 'vitest'
import type { StreamState } from '@/shared/live/stream'
import { badge } from './badge'

const NOW = Date.parse('2026-01-31T14:02:16Z')
const LIVE: StreamState = { mode: 'live', link: { state: 'live' }, data: null, key: null, heardAt: NOW - 400 }

const words = (part: Partial<StreamState>, moving = true): string =>
  badge({ ...LIVE, ...part }, moving, NOW, 'utc').words

it('says what is true', () => {
  expect(words({})).toBe('live · 0.4 s')
  expect(words({ heardAt: NOW - 6500 })).toBe('stale since 14:02:09')
  expect(words({ link: { state: 'waiting', retryAt: NOW + 2100, attempt: 2 } })).toBe('reconnecting in 3 s')
  expect(words({ link: { state: 'connecting' }, heardAt: null })).toBe('connecting')
  expect(words({ mode: 'paused' })).toBe('paused')
  expect(words({ mode: 'polling' })).toBe('every 30 s')
  expect(words({ link: { state: 'refused', reason: 'too long' } })).toBe('every 5 s')
  expect(words({}, false)).toBe('fixed window')
})

it('does not speak the seconds that pass', () => {
  expect(badge(LIVE, true, NOW, 'utc').spoken).toBe('live')
  const waiting = { ...LIVE, link: { state: 'waiting', retryAt: NOW + 2100, attempt: 1 } } as const
  expect(badge(waiting, true, NOW, 'utc').spoken).toBe('reconnecting')
})
