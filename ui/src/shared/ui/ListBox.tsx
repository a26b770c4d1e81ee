import { Popover } from '@mantine/core'
import { cloneElement, type ReactNode } from 'react'
import type { Unfolded } from './Unfold'

interface ListBoxProps extends Unfolded {
  readonly children: ReactNode
}

/** Something to choose from that opens under its button and keeps the focus until it is closed. */
export function ListBox({ button, opened, onChange, children }: ListBoxProps) {
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-start" shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>{cloneElement(button, { onClick: () => onChange(!opened) })}</Popover.Target>
      <Popover.Dropdown p={0}>{children}</Popover.Dropdown>
    </Popover>
  )
}
