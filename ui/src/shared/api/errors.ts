/** Why a request for figures failed, in the server's words where it answered at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    /** HTTP status; 0 where there was no answer. */
    readonly status: number,
    message: string,
    /** The parameter at fault. */
    readonly field: string | null = null,
    readonly requestId: string | null = null,
    /** Seconds the server asks us to wait. */
    readonly retryAfter: number | null = null,
  ) {
    super(message)
  }

  /** Asking again may help: nobody answered, or the server is overloaded or restarting. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** A part of the dashboard itself, fetched when it is first needed, did not come, however often it was tried. */
export class LoadError extends Error {
  override readonly name = 'LoadError'
}

/** What went wrong and what a person can do about it, as a title and a sentence. */
export function explain(error: unknown): { title: string; advice: string } {
  if (error instanceof LoadError) {
    return { title: 'The server cannot be reached', advice: 'A part of this page could not be fetched from it.' }
  }
  if (!(error instanceof ApiError)) {
    return { title: 'The dashboard failed', advice: error instanceof Error ? error.message : String(error) }
  }
  if (error.status === 0) {
    return { title: 'The server cannot be reached', advice: 'It may be restarting. This page asks again by itself.' }
  }
  if (error.status === 401) return { title: 'Sign in first', advice: error.message }
  if (error.status === 422 || error.status === 400) return { title: 'This cannot be answered', advice: error.message }
  return { title: `The server answered ${error.status}`, advice: error.message }
}
