import { Menu } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useLocation } from '@tanstack/react-router'
import { Braces, CircleX, FileSpreadsheet, Link2, SquareTerminal } from 'lucide-react'
import { useClient } from '@/shared/api/context'
import { MenuBox } from '@/shared/ui/MenuBox'
import { toast } from '@/shared/ui/toast'
import type { Unfolded } from '@/shared/ui/Unfold'
import { useScope } from '@/shared/view/useView'
import { curl } from './curl'
import type { Format } from './exportFile'

interface ExportItemsProps extends Unfolded {
  /** What is going on; null for nothing. */
  readonly busy: string | null
  readonly onRun: (format: Format) => void
  readonly onCancel: () => void
}

export function ExportItems({ busy, onRun, onCancel, ...unfolded }: ExportItemsProps) {
  const client = useClient()
  const view = useScope()
  const { pathname } = useLocation()
  const { copy } = useClipboard()
  const copied = (what: string, value: string): void => {
    copy(value)
    toast.say(`${what} copied`)
  }
  return (
    <MenuBox {...unfolded}>
      <Menu.Label>{busy ?? 'This view, with its filters'}</Menu.Label>
      {busy !== null && (
        <Menu.Item leftSection={<CircleX size={14} />} onClick={onCancel}>
          Cancel the export
        </Menu.Item>
      )}
      <Menu.Item leftSection={<FileSpreadsheet size={14} />} disabled={busy !== null} onClick={() => onRun('csv')}>
        Export as CSV
      </Menu.Item>
      <Menu.Item leftSection={<Braces size={14} />} disabled={busy !== null} onClick={() => onRun('json')}>
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
    </MenuBox>
  )
}
