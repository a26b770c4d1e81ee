import { createContext, use, useEffect, useMemo, useSyncExternalStore } from 'react'
import { useScope } from '@/shared/view/useView'
import { streamConfig } from './config'
import type { LiveData } from './frames'
import type { LiveStream, StreamState } from './stream'

export const StreamContext = createContext<LiveStream | null>(null)

export function useStream(): LiveStream {
  const stream = use(StreamContext)
  if (stream === null) throw new Error('useStream needs a StreamContext above it')
  return stream
}

export function useStreamState(): StreamState {
  const stream = useStream()
  return useSyncExternalStore(stream.subscribe, stream.read)
}

/** The live state of the view on screen; null while there is none. */
export function useLiveData(): LiveData | null {
  const view = useScope()
  const { data, key, mode } = useStreamState()
  const wanted = useMemo(() => JSON.stringify(streamConfig(view)), [view])
  return mode === 'live' && key === wanted ? data : null
}

/** Keeps the stream on what the page shows, or closed while nobody is let in. Used once, by the frame around the pages. */
export function useStreamScope(open = true): void {
  const stream = useStream()
  const view = useScope()
  useEffect(() => stream.configure(open ? streamConfig(view) : null), [stream, view, open])
  useEffect(() => {
    const seen = (): void => {
      if (document.visibilityState === 'visible') stream.wake()
    }
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', stream.wake)
    return () => {
      document.removeEventListener('visibilitychange', seen)
      window.removeEventListener('online', stream.wake)
      stream.close()
    }
  }, [stream])
}

const LIVE_REFRESH_MS = 5000
const POLL_MS = 30_000

/** Milliseconds between two requests for a report that the stream does not carry; false for never. */
export function useRefreshInterval(): number | false {
  const view = useScope()
  const { mode } = useStreamState()
  if (mode === 'paused' || !('preset' in view.range)) return false
  return mode === 'live' ? LIVE_REFRESH_MS : POLL_MS
}
