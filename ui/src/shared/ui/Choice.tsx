import { lazy, useState, type ReactElement, type ReactNode } from 'react'
import { load, near } from './load'
import { Unfold, type ButtonProps } from './Unfold'

const part = () => import('./ChoiceMenu').then((module) => ({ default: module.ChoiceMenu }))
const ChoiceMenu = lazy(() => load(part))

interface ChoiceProps<T extends string> {
  readonly title: string
  readonly options: readonly (readonly [value: T, name: ReactNode])[]
  readonly value: T
  readonly onChange: (value: T) => void
  /** The button that opens the menu. */
  readonly children: ReactElement<ButtonProps>
}

/** One of a few, from a menu. */
export function Choice<T extends string>({ title, options, value, onChange, children }: ChoiceProps<T>) {
  const [opened, setOpened] = useState(false)
  const pick = (index: number): void => {
    const option = options[index]
    if (option !== undefined) onChange(option[0])
  }
  return (
    <Unfold kind="menu" button={children} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <ChoiceMenu {...unfolded} title={title} options={options} value={value} onPick={pick} />}
    </Unfold>
  )
}
