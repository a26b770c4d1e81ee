import { LoadError } from '@/shared/api/errors'

const PAUSES_MS = [400, 1500]

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A part of the program that is fetched when needed; tried again before it counts as lost. */
export async function load<T>(fetchPart: () => Promise<T>): Promise<T> {
  for (const milliseconds of PAUSES_MS) {
    try {
      return await fetchPart()
    } catch {
      await pause(milliseconds)
    }
  }
  try {
    return await fetchPart()
  } catch (error) {
    // In words of our own: the router would reload the page at those of the browser, and end up on an error of that.
    throw new LoadError(`A part of this page did not come: ${String(error)}`)
  }
}

/** Begins to fetch a part that is likely to be wanted; whether it comes is seen when it is. */
export function near(fetchPart: () => Promise<unknown>): () => void {
  return () => void fetchPart().catch(() => undefined)
}
