import { Button } from '@mantine/core'
import { ChevronDown } from 'lucide-react'
import { lazy, useState } from 'react'
import { load, near } from '@/shared/ui/load'
import { Unfold } from '@/shared/ui/Unfold'
import { useView } from '@/shared/view/useView'
import { DIMENSIONS, type Dimension } from '@/shared/view/view'
import { valueName } from '@/shared/view/words'
import styles from './filters.module.css'

const part = () => import('./ValueList').then((module) => ({ default: module.ValueList }))
const ValueList = lazy(() => load(part))

interface DimensionPickerProps {
  readonly dimension: Dimension
  readonly disabled: boolean
}

/** The values of one dimension to filter by. */
export function DimensionPicker({ dimension, disabled }: DimensionPickerProps) {
  const { filters } = useView()
  const [opened, setOpened] = useState(false)
  const chosen = filters[dimension] ?? []
  const [first] = chosen
  const name = DIMENSIONS[dimension]
  const label =
    first === undefined ? name : chosen.length === 1 ? valueName(dimension, first) : `${name}: ${chosen.length}`
  const button = (
    <Button
      variant="default"
      size="xs"
      className={styles.dimension}
      data-set={chosen.length > 0 || undefined}
      data-dimension={dimension}
      disabled={disabled}
      rightSection={<ChevronDown size={13} />}
      aria-label={chosen.length > 0 ? `${name}: ${chosen.join(', ')}` : name}
    >
      {label}
    </Button>
  )
  return (
    <Unfold kind="dialog" button={button} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <ValueList {...unfolded} dimension={dimension} />}
    </Unfold>
  )
}
