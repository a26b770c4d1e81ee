import { Popover } from '@mantine/core'
import { cloneElement, type ReactNode } from 'react'
import type { Unfolded } from './Unfold'

interface ListBoxProps extends Unfolded {
  readonly position?: 'bottom-start' | 'bottom-end'
  readonly children: ReactNode
}

/** Something to choose from that opens under its button and keeps the focus until it is closed. */
export function ListBox({ button, opened, onChange, position = 'bottom-start', children }: ListBoxProps) {
  return (
    <Popover opened={opened} onChange={onChange} position={position} shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>{cloneElement(button, { onClick: () => onChange(!opened) })}</Popover.Target>
      <Popover.Dropdown p={0}>{children}</Popover.Dropdown>
    </Popover>
  )
}
