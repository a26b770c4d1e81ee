import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveStream, SILENCE_MS } from './stream'

/** A socket that the test opens, feeds and closes. */
class FakeSocket extends EventTarget {
  static readonly OPEN = 1
  static made: FakeSocket[] = []
  readyState = 0
  readonly sent: string[] = []

  constructor(readonly url: URL) {
    super()
    FakeSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = 3
    this.dispatchEvent(new Event('close'))
  }

  open(): void {
    this.readyState = FakeSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }

  say(frame: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
}

const FRAME = {
  type: 'snapshot',
  commit: 1,
  start_time: 0,
  end_time: 60,
  bucket_seconds: 60,
  granularity: 'minute',
  overview: {},
  series: [],
  latency: [],
}

function newest(): FakeSocket {
  return FakeSocket.made[FakeSocket.made.length - 1]!
}

function connected(): LiveStream {
  const stream = new LiveStream(new URL('ws://host/stream'), 'live')
  stream.configure({ duration_seconds: 60 })
  newest().open()
  newest().say(FRAME)
  return stream
}

beforeEach(() => {
  FakeSocket.made = []
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a live stream', () => {
  it('asks for its configuration once it is open, and is live with the first frame', () => {
    const stream = new LiveStream(new URL('ws://host/stream'), 'live')
    stream.configure({ duration_seconds: 60 })
    expect(stream.read().link.state).toBe('connecting')
    newest().open()
    expect(newest().sent).toEqual(['{"duration_seconds":60}'])
    newest().say(FRAME)
    expect(stream.read().link.state).toBe('live')
    expect(stream.read().data?.commit).toBe(1)
  })

  it('sends another configuration on the same socket and forgets the old figures', () => {
    const stream = connected()
    stream.configure({ duration_seconds: 300 })
    expect(FakeSocket.made).toHaveLength(1)
    expect(newest().sent[1]).toBe('{"duration_seconds":300}')
    expect(stream.read().data).toBeNull()
  })

  it('does not answer an equal configuration with anything', () => {
    const stream = connected()
    stream.configure({ duration_seconds: 60 })
    expect(newest().sent).toHaveLength(1)
    expect(stream.read().data).not.toBeNull()
  })

  it('comes back after a loss, later each time, and at once after a success', () => {
    const stream = connected()
    newest().close()
    const first = stream.read().link
    expect(first).toMatchObject({ state: 'waiting', attempt: 1 })
    vi.advanceTimersByTime(1000)
    expect(FakeSocket.made).toHaveLength(2)
    newest().close()
    expect(stream.read().link).toMatchObject({ state: 'waiting', attempt: 2 })
    vi.advanceTimersByTime(2000)
    newest().open()
    newest().say(FRAME)
    newest().close()
    expect(stream.read().link).toMatchObject({ state: 'waiting', attempt: 1 })
  })

  it('gives up a connection that says nothing', () => {
    const stream = connected()
    vi.advanceTimersByTime(SILENCE_MS)
    expect(stream.read().link.state).toBe('waiting')
  })

  it('hangs up when paused, and does not come back by itself', () => {
    const stream = connected()
    stream.setMode('paused')
    expect(newest().readyState).toBe(3)
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.made).toHaveLength(1)
    stream.setMode('live')
    expect(FakeSocket.made).toHaveLength(2)
  })

  it('shows why a configuration was refused', () => {
    const stream = connected()
    newest().say({ type: 'error', field: 'granularity', error: 'too fine' })
    expect(stream.read().link).toEqual({ state: 'refused', reason: 'too fine' })
    // It would be refused again; another question is asked at once.
    vi.advanceTimersByTime(10 * SILENCE_MS)
    expect(stream.read().link).toEqual({ state: 'refused', reason: 'too fine' })
    expect(FakeSocket.made).toHaveLength(1)
    stream.configure({ duration_seconds: 120 })
    expect(FakeSocket.made).toHaveLength(2)
  })

  it('tries at once after a sleep', () => {
    const stream = connected()
    newest().close()
    stream.wake()
    expect(FakeSocket.made).toHaveLength(2)
  })
})
