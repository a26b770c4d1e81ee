import { useRef, useState } from 'react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { bytes, text } from '@/shared/format/numbers'
import { download } from '@/shared/ui/download'
import { toast } from '@/shared/ui/toast'
import { useScope } from '@/shared/view/useView'
import { viewParams } from '@/shared/view/window'
import { exportName, fetchExport, type Format } from './exportFile'

interface Export {
  /** How far the file on its way has come, in words; null while there is none. */
  readonly busy: string | null
  readonly run: (format: Format) => Promise<void>
  readonly cancel: () => void
}

/** One export of the view at a time, that can be taken back. */
export function useExport(): Export {
  const client = useClient()
  const view = useScope()
  const [busy, setBusy] = useState<string | null>(null)
  const ending = useRef<AbortController>(null)
  const run = async (format: Format): Promise<void> => {
    const { signal } = (ending.current = new AbortController())
    setBusy('Exporting…')
    try {
      const params = { ...viewParams(view), granularity: view.granularity }
      const report = (size: number): void => setBusy(`Exporting… ${text(bytes(size))}`)
      const file = await fetchExport(client, format, params, report, signal)
      download(file, exportName(format, new Date()))
      toast.say(`Exported ${text(bytes(file.size))} of ${format.toUpperCase()}`)
    } catch (error) {
      if (signal.aborted) {
        toast.say('Export cancelled; nothing was saved')
        return
      }
      const { title, advice } = explain(error)
      toast.fail(`Failed to export data. ${title}`, advice)
    } finally {
      setBusy(null)
    }
  }
  return { busy, run, cancel: () => ending.current?.abort() }
}
