import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { http, HttpResponse } from 'msw'
import { expect, it, vi } from 'vitest'
import { show } from '@/testing/render'
import { BASE, server } from '@/testing/server'
import { ExportMenu } from './ExportMenu'

/** Answers an export with a body that the test writes. */
function written(): { write: (size: number) => void; close: () => void; asked: () => AbortSignal | undefined } {
  let control: ReadableStreamDefaultController<Uint8Array> | undefined
  let signal: AbortSignal | undefined
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (control = given) })
  server.use(
    http.get(`${BASE}api/v2/analytics/export/csv`, ({ request }) => {
      signal = request.signal
      return new HttpResponse(body, { headers: { 'Content-Type': 'text/csv' } })
    }),
  )
  return {
    write: (size) => control?.enqueue(new Uint8Array(size)),
    close: () => control?.close(),
    asked: () => signal,
  }
}

async function start(): Promise<void> {
  await show(<ExportMenu />)
  await userEvent.click(screen.getByRole('button', { name: 'Export' }))
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Export as CSV' }))
}

it('says how much has come until the file is whole', async () => {
  const makeUrl = vi.fn(() => 'blob:export')
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: makeUrl, revokeObjectURL: () => undefined }))
  const file = written()
  await start()
  await screen.findByRole('button', { name: 'Exporting…' })
  file.write(1500)
  await screen.findByRole('button', { name: 'Exporting… 1.50 kB' })
  file.write(2500)
  await screen.findByRole('button', { name: 'Exporting… 4.00 kB' })
  expect(makeUrl).not.toHaveBeenCalled()
  file.close()
  await screen.findByRole('button', { name: 'Export' })
  expect(makeUrl).toHaveBeenCalledOnce()
  vi.unstubAllGlobals()
})

it('lets go of the file when it is cancelled', async () => {
  const file = written()
  await start()
  file.write(1500)
  await userEvent.click(await screen.findByRole('button', { name: 'Exporting… 1.50 kB' }))
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Cancel the export' }))
  await screen.findByRole('button', { name: 'Export' })
  await waitFor(() => expect(file.asked()?.aborted).toBe(true))
})
