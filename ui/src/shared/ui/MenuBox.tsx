import { Menu } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Unfolded } from './Unfold'

interface MenuBoxProps extends Unfolded {
  readonly width?: number
  readonly closeOnItemClick?: boolean
  readonly children: ReactNode
}

/** A menu under the right end of its button. */
export function MenuBox({ button, opened, onChange, width, closeOnItemClick = true, children }: MenuBoxProps) {
  return (
    <Menu
      position="bottom-end"
      withinPortal
      opened={opened}
      onChange={onChange}
      closeOnItemClick={closeOnItemClick}
      {...(width === undefined ? {} : { width })}
    >
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  )
}
