import { act, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { overview } from '@/testing/fixtures'
import { show } from '@/testing/render'
import { answer } from '@/testing/server'
import { useStreamScope } from '@/shared/live/useLive'
import { useOverview } from './useFigures'

class FakeSocket extends EventTarget {
  static readonly OPEN = 1
  static newest: FakeSocket | null = null
  readyState = 1

  constructor() {
    super()
    FakeSocket.newest = this
  }

  send(): void {}

  close(): void {
    this.readyState = 3
  }
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', FakeSocket)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

function Total() {
  useStreamScope()
  const { data } = useOverview()
  return <output>{data === undefined ? 'waiting' : `${data.total_requests} of commit ${data.meta.commit}`}</output>
}

function say(commit: number, total: number): void {
  const totals = overview({ total_requests: total })
  const frame = {
    type: 'snapshot',
    commit,
    start_time: 0,
    end_time: 60,
    bucket_seconds: 60,
    granularity: 'minute',
    overview: { ...totals, meta: undefined },
    series: [],
    latency: [],
  }
  act(() => {
    FakeSocket.newest?.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  })
}

it('shows whichever has seen more: the answer or the stream', async () => {
  answer('overview', () => overview({ total_requests: 100 }))
  await show(<Total />, { mode: 'live' })
  expect(await screen.findByText('100 of commit 7')).toBeVisible()
  say(6, 90)
  expect(screen.getByText('100 of commit 7')).toBeVisible()
  say(8, 110)
  expect(screen.getByText('110 of commit 8')).toBeVisible()
})

it('does not ask the stream for a window that stands still', async () => {
  FakeSocket.newest = null
  answer('overview', () => overview({ total_requests: 100 }))
  await show(<Total />, { mode: 'live', at: '/?from=60&to=120' })
  expect(await screen.findByText('100 of commit 7')).toBeVisible()
  expect(FakeSocket.newest).toBeNull()
})
