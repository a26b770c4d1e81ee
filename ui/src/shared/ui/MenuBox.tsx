import { Menu } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Unfolded } from './Unfold'

interface MenuBoxProps extends Unfolded {
  readonly children: ReactNode
}

/** A menu under the right end of its button. */
export function MenuBox({ button, opened, onChange, children }: MenuBoxProps) {
  return (
    <Menu position="bottom-end" withinPortal opened={opened} onChange={onChange}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  )
}
