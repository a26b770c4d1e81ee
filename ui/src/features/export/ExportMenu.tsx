import { ActionIcon } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { Download } from 'lucide-react'
import { lazy, useState } from 'react'
import { OPEN_EXPORT } from '@/shared/ui/events'
import { load, near } from '@/shared/ui/load'
import { Unfold } from '@/shared/ui/Unfold'
import { useExport } from './useExport'

const part = () => import('./ExportItems').then((module) => ({ default: module.ExportItems }))
const ExportItems = lazy(() => load(part))

/** The view as a file, as a link, as a command. */
export function ExportMenu() {
  const { busy, run, cancel } = useExport()
  const [opened, setOpened] = useState(false)
  useWindowEvent(OPEN_EXPORT, () => setOpened(true))
  const button = (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={busy ?? 'Export'}
      title={busy === null ? undefined : `${busy} Click to cancel`}
      data-busy={busy !== null || undefined}
    >
      <Download size={16} />
    </ActionIcon>
  )
  return (
    <Unfold kind="menu" button={button} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <ExportItems {...unfolded} busy={busy} onRun={(format) => void run(format)} onCancel={cancel} />}
    </Unfold>
  )
}
