import { Menu } from '@mantine/core'
import type { ReactNode } from 'react'

interface ChoiceProps<T extends string> {
  readonly title: string
  readonly options: readonly (readonly [value: T, name: ReactNode])[]
  readonly value: T
  readonly onChange: (value: T) => void
  /** The button that opens the menu. */
  readonly children: ReactNode
}

/** One of a few, from a menu. */
export function Choice<T extends string>({ title, options, value, onChange, children }: ChoiceProps<T>) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{title}</Menu.Label>
        <Menu.RadioGroup value={value}>
          {options.map(([option, name]) => (
            <Menu.RadioItem key={option} value={option} closeMenuOnClick onClick={() => onChange(option)}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}
