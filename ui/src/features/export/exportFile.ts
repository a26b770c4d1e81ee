import { request, type Client } from '@/shared/api/client'
import { ApiError } from '@/shared/api/errors'

export type Format = 'csv' | 'json'

const TYPES: Record<Format, string> = { csv: 'text/csv', json: 'application/json' }

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  const said = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  return new ApiError(response.status, typeof said === 'string' ? said : `The export failed (${response.status}).`)
}

/** The export of a view as a file; `onBytes` hears how much has come, `signal` ends it. */
export async function fetchExport(
  client: Client,
  format: Format,
  params: object,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const response = await request(client.url(`export/${format}`, params), { signal })
  if (!response.ok) throw await refusal(response)
  const reader = response.body?.getReader()
  if (reader === undefined) return response.blob()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(parts, { type: TYPES[format] })
    parts.push(value)
    bytes += value.byteLength
    onBytes(bytes)
  }
}

/** `mockforge-analytics-2026-01-31.csv`, by the day in UTC. */
export function exportName(format: Format, now: Date): string {
  return `mockforge-analytics-${now.toISOString().slice(0, 10)}.${format}`
}
