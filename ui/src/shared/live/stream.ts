import { retryDelay } from './backoff'
import { applyFrame, parseFrame, type LiveData } from './frames'

/** What a stream is asked for; equal texts mean equal streams. */
export type StreamConfig = Readonly<Record<string, string | number | readonly string[]>>

export type Link =
  | { readonly state: 'off' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'waiting'; readonly retryAt: number; readonly attempt: number }
  | { readonly state: 'refused'; readonly reason: string }

/** `live`: the stream; `polling`: asked anew now and then; `paused`: the screen holds still. */
export type Mode = 'live' | 'polling' | 'paused'

export interface StreamState {
  readonly mode: Mode
  readonly link: Link
  readonly data: LiveData | null
  /** The configuration that `data` answers. */
  readonly key: string | null
  /** When the last frame came, in milliseconds since 1970; null before the first. */
  readonly heardAt: number | null
}

/** A server that is alive says something at least this often. */
export const SILENCE_MS = 20_000

/** Keeps one WebSocket up as long as it is wanted, and what it said applied to one state. */
export class LiveStream {
  private state: StreamState
  private readonly listeners = new Set<() => void>()
  private socket: WebSocket | null = null
  private config: StreamConfig | null = null
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly url: URL,
    mode: Mode,
    private readonly now: () => number = Date.now,
  ) {
    this.state = { mode, link: { state: 'off' }, data: null, key: null, heardAt: null }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly read = (): StreamState => this.state

  /** Ask for another stream, or with null for none. */
  configure(config: StreamConfig | null): void {
    const same = JSON.stringify(config) === JSON.stringify(this.config)
    if (same) return
    this.config = config
    this.update({ data: null, key: null })
    if (this.socket?.readyState === WebSocket.OPEN && config !== null) {
      this.socket.send(JSON.stringify(config))
      this.update({ link: { state: 'live' } })
    } else this.settle()
  }

  setMode(mode: Mode): void {
    if (mode === this.state.mode) return
    this.update({ mode })
    this.settle()
  }

  /** Try at once, whatever delay is running. */
  readonly retry = (): void => {
    this.attempt = 0
    this.hangUp()
    this.settle()
  }

  /** After a sleep the socket may be dead without knowing it, and a delay may have minutes to go. */
  readonly wake = (): void => {
    const { link, heardAt } = this.state
    const silent = link.state === 'live' && heardAt !== null && this.now() - heardAt > SILENCE_MS
    if (link.state === 'waiting' || silent) this.retry()
  }

  close(): void {
    this.config = null
    this.hangUp()
    this.update({ link: { state: 'off' } })
  }

  private settle(): void {
    const wanted = this.config !== null && this.state.mode === 'live'
    if (wanted && this.socket === null) this.connect()
    if (!wanted) {
      this.hangUp()
      this.update({ link: { state: 'off' } })
    }
  }

  private connect(): void {
    clearTimeout(this.timer)
    this.update({ link: { state: 'connecting' } })
    const socket = new WebSocket(this.url)
    this.socket = socket
    socket.addEventListener('open', () => {
      if (this.socket === socket) this.opened(socket)
    })
    socket.addEventListener('message', (event) => {
      if (this.socket === socket && typeof event.data === 'string') this.heard(event.data)
    })
    socket.addEventListener('close', () => {
      if (this.socket === socket) this.lost()
    })
  }

  private opened(socket: WebSocket): void {
    socket.send(JSON.stringify(this.config))
    this.watch()
  }

  private heard(text: string): void {
    const frame = parseFrame(text)
    if (frame === null) return
    this.watch()
    if (frame.type === 'error') {
      // Asking again would be refused again, and the socket has nothing to say about this view.
      this.hangUp()
      this.update({ link: { state: 'refused', reason: frame.error } })
      return
    }
    this.attempt = 0
    const data = applyFrame(this.state.data, frame)
    this.update({ link: { state: 'live' }, data, key: JSON.stringify(this.config), heardAt: this.now() })
  }

  /** A connection that says nothing for too long is given up. */
  private watch(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.hangUp()
      this.lost()
    }, SILENCE_MS)
  }

  private lost(): void {
    clearTimeout(this.timer)
    this.socket = null
    this.attempt += 1
    const delay = retryDelay(this.attempt)
    this.update({ link: { state: 'waiting', retryAt: this.now() + delay, attempt: this.attempt } })
    this.timer = setTimeout(() => this.connect(), delay)
  }

  private hangUp(): void {
    clearTimeout(this.timer)
    const { socket } = this
    this.socket = null
    socket?.close()
  }

  private update(part: Partial<StreamState>): void {
    this.state = { ...this.state, ...part }
    for (const listener of this.listeners) listener()
  }
}
