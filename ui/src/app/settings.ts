import type { Mode } from '@/shared/live/stream'
import type { Zone } from '@/shared/format/time'

/** What the reader chose, kept in this browser. A browser that keeps nothing gives the defaults. */

const PREFIX = 'mockforge-analytics.'

export function remembered<T extends string>(name: string, accepted: readonly T[], fallback: T): T {
  try {
    const value = localStorage.getItem(PREFIX + name)
    return accepted.find((item) => item === value) ?? fallback
  } catch {
    return fallback
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Closed or full storage: the choice holds as long as the page.
  }
}

export const ZONES: readonly Zone[] = ['local', 'utc']
export const MODES: readonly Mode[] = ['live', 'polling', 'paused']
