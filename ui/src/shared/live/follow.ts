import type { LiveStream } from './stream'

/** Reports are asked for at most this often, however fast events come. */
export const SHORTEST_MS = 1000
/** At most a tenth of the time goes into asking, so that slow reports do not keep the server busy. */
const REST_PER_WORK = 9

/**
 * Calls `refresh` with the newest commit as soon as the stream has brought one, and again for what came meanwhile, so
 * that reports the stream does not carry say the same as what it does. Returns how to stop.
 */
export function follow(
  stream: Pick<LiveStream, 'read' | 'subscribe'>,
  refresh: (commit: number) => Promise<unknown>,
  now: () => number = Date.now,
): () => void {
  let done = -1
  let notBefore = 0
  let busy = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const commit = (): number => {
    const { mode, data } = stream.read()
    return mode === 'live' && data !== null ? data.commit : done
  }
  const run = (): void => {
    timer = undefined
    busy = true
    done = commit()
    const begin = now()
    void refresh(done).finally(() => {
      busy = false
      const end = now()
      notBefore = end + Math.max(SHORTEST_MS, (end - begin) * REST_PER_WORK)
      check()
    })
  }
  const check = (): void => {
    if (busy || timer !== undefined || commit() === done) return
    timer = setTimeout(run, Math.max(0, notBefore - now()))
  }

  const stop = stream.subscribe(check)
  check()
  return () => {
    stop()
    clearTimeout(timer)
    busy = true
  }
}
