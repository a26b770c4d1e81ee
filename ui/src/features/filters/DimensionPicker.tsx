import { Button, Popover } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { ChevronDown } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useView } from '@/shared/view/useView'
import { DIMENSIONS, type Dimension } from '@/shared/view/view'
import { valueName } from '@/shared/view/words'
import styles from './filters.module.css'
import { load } from '@/shared/ui/load'

const ValueList = lazy(() => load(() => import('./ValueList')).then((module) => ({ default: module.ValueList })))

interface DimensionPickerProps {
  readonly dimension: Dimension
  readonly disabled: boolean
}

/** The values of one dimension to filter by. */
export function DimensionPicker({ dimension, disabled }: DimensionPickerProps) {
  const { filters } = useView()
  const [open, { toggle, close }] = useDisclosure(false)
  const chosen = filters[dimension] ?? []
  const [first] = chosen
  const name = DIMENSIONS[dimension]
  const label =
    first === undefined ? name : chosen.length === 1 ? valueName(dimension, first) : `${name}: ${chosen.length}`
  return (
    <Popover opened={open} onChange={close} position="bottom-start" shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          className={styles.dimension}
          data-set={chosen.length > 0 || undefined}
          data-dimension={dimension}
          disabled={disabled}
          rightSection={<ChevronDown size={13} />}
          onClick={toggle}
          aria-label={chosen.length > 0 ? `${name}: ${chosen.join(', ')}` : name}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <Suspense fallback={<div className={styles.valuesWait} />}>
          <ValueList dimension={dimension} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
