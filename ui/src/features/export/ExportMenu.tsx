import { ActionIcon, Menu } from '@mantine/core'
import { useClipboard, useWindowEvent } from '@mantine/hooks'
import { useLocation } from '@tanstack/react-router'
import { Braces, Download, FileSpreadsheet, Link2, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { toast } from '@/shared/ui/toast'
import { bytes, text } from '@/shared/format/numbers'
import { download } from '@/shared/ui/download'
import { OPEN_EXPORT } from '@/shared/ui/events'
import { useScope } from '@/shared/view/useView'
import { viewParams } from '@/shared/view/window'
import { curl } from './curl'
import { exportName, fetchExport, type Format } from './exportFile'

function useExport(): { busy: string | null; run: (format: Format) => Promise<void> } {
  const client = useClient()
  const view = useScope()
  const [busy, setBusy] = useState<string | null>(null)
  const run = async (format: Format): Promise<void> => {
    setBusy('Exporting…')
    try {
      const params = { ...viewParams(view), granularity: view.granularity }
      const file = await fetchExport(client, format, params, (size) => setBusy(`Exporting… ${text(bytes(size))}`))
      download(file, exportName(format, new Date()))
      toast.say(`Exported ${text(bytes(file.size))} of ${format.toUpperCase()}`)
    } catch (error) {
      const { title, advice } = explain(error)
      toast.fail(`Failed to export data. ${title}`, advice)
    } finally {
      setBusy(null)
    }
  }
  return { busy, run }
}

/** The view as a file, as a link, as a command. */
export function ExportMenu() {
  const client = useClient()
  const view = useScope()
  const { pathname } = useLocation()
  const { copy } = useClipboard()
  const { busy, run } = useExport()
  const [open, setOpen] = useState(false)
  useWindowEvent(OPEN_EXPORT, () => setOpen(true))
  const copied = (what: string, value: string): void => {
    copy(value)
    toast.say(`${what} copied`)
  }
  return (
    <Menu position="bottom-end" opened={open} onChange={setOpen}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={busy ?? 'Export'} loading={busy !== null}>
          <Download size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{busy ?? 'This view, with its filters'}</Menu.Label>
        <Menu.Item leftSection={<FileSpreadsheet size={14} />} disabled={busy !== null} onClick={() => void run('csv')}>
          Export as CSV
        </Menu.Item>
        <Menu.Item leftSection={<Braces size={14} />} disabled={busy !== null} onClick={() => void run('json')}>
          Export as JSON
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<Link2 size={14} />} onClick={() => copied('Link', window.location.href)}>
          Copy link
        </Menu.Item>
        <Menu.Item
          leftSection={<SquareTerminal size={14} />}
          onClick={() => copied('Command', curl(client, pathname, view))}
        >
          Copy as curl
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
