const PAUSES_MS = [400, 1500]

/** Part of the program that could not be fetched: as a rule the server is not there. */
export class LoadError extends Error {
  override readonly name = 'LoadError'
}

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
    throw new LoadError(error instanceof Error ? error.message : String(error))
  }
}
