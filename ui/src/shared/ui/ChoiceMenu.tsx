import { Menu } from '@mantine/core'
import type { ReactNode } from 'react'
import { MenuBox } from './MenuBox'
import type { Unfolded } from './Unfold'

interface ChoiceMenuProps extends Unfolded {
  readonly title: string
  readonly options: readonly (readonly [value: string, name: ReactNode])[]
  readonly value: string
  readonly onPick: (index: number) => void
}

export function ChoiceMenu({ title, options, value, onPick, ...unfolded }: ChoiceMenuProps) {
  return (
    <MenuBox {...unfolded}>
      <Menu.Label>{title}</Menu.Label>
      <Menu.RadioGroup value={value}>
        {options.map(([option, name], index) => (
          <Menu.RadioItem key={option} value={option} closeMenuOnClick onClick={() => onPick(index)}>
            {name}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </MenuBox>
  )
}
