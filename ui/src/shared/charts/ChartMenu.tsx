import { ActionIcon } from '@mantine/core'
import { Ellipsis } from 'lucide-react'
import { lazy, useState } from 'react'
import { load, near } from '@/shared/ui/load'
import { Unfold } from '@/shared/ui/Unfold'

const part = () => import('./ChartMenuItems').then((module) => ({ default: module.ChartMenuItems }))
const ChartMenuItems = lazy(() => load(part))

export interface ChartMenuProps {
  readonly title: string
  readonly asTable: boolean
  readonly onTable: (asTable: boolean) => void
  readonly onPicture: () => void
  /** null where the axis has no choice. */
  readonly logarithmic: boolean | null
  readonly onLogarithmic: (logarithmic: boolean) => void
}

/** What else can be done with a chart. */
export function ChartMenu({ title, ...actions }: ChartMenuProps) {
  const [opened, setOpened] = useState(false)
  const button = (
    <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`More for ${title}`}>
      <Ellipsis size={15} />
    </ActionIcon>
  )
  return (
    <Unfold kind="menu" button={button} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <ChartMenuItems {...unfolded} {...actions} />}
    </Unfold>
  )
}
