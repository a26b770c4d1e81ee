import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { follow, SHORTEST_MS } from './follow'
import type { LiveData } from './frames'
import type { Mode, StreamState } from './stream'

/** A stream that the test moves on. */
function movable() {
  const listeners = new Set<() => void>()
  let state: StreamState = { mode: 'live', link: { state: 'live' }, data: null, key: '{}', heardAt: 0 }
  return {
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    bring: (commit: number, mode: Mode = 'live') => {
      state = { ...state, mode, data: { commit } as LiveData }
      for (const listener of listeners) listener()
    },
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('asks at once for the first commit, then for the newest of each pause', async () => {
  const stream = movable()
  const asked: number[] = []
  const stop = follow(stream, (commit) => Promise.resolve(void asked.push(commit)))
  stream.bring(1)
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toEqual([1])
  for (const commit of [2, 3, 4]) stream.bring(commit)
  await vi.advanceTimersByTimeAsync(SHORTEST_MS - 1)
  expect(asked).toEqual([1])
  await vi.advanceTimersByTimeAsync(1)
  expect(asked).toEqual([1, 4])
  stream.bring(4)
  await vi.advanceTimersByTimeAsync(10 * SHORTEST_MS)
  expect(asked).toEqual([1, 4])
  stop()
})

it('does not ask while answers are on their way, and waits longer after slow ones', async () => {
  const stream = movable()
  const asked: number[] = []
  const stop = follow(stream, async (commit) => {
    asked.push(commit)
    await new Promise((resolve) => setTimeout(resolve, 500))
  })
  stream.bring(1)
  await vi.advanceTimersByTimeAsync(100)
  stream.bring(2)
  await vi.advanceTimersByTimeAsync(400)
  expect(asked).toEqual([1])
  await vi.advanceTimersByTimeAsync(4499)
  expect(asked).toEqual([1])
  await vi.advanceTimersByTimeAsync(1)
  expect(asked).toEqual([1, 2])
  stop()
})

it('holds still while paused, and when it was stopped', async () => {
  const stream = movable()
  const refresh = vi.fn(() => Promise.resolve())
  const stop = follow(stream, refresh)
  stream.bring(1, 'paused')
  await vi.advanceTimersByTimeAsync(SHORTEST_MS)
  expect(refresh).not.toHaveBeenCalled()
  stream.bring(2)
  await vi.advanceTimersByTimeAsync(0)
  expect(refresh).toHaveBeenCalledExactlyOnceWith(2)
  stop()
  stream.bring(3)
  await vi.advanceTimersByTimeAsync(2 * SHORTEST_MS)
  expect(refresh).toHaveBeenCalledOnce()
})
