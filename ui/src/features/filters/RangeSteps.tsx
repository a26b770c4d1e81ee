import { ActionIcon } from '@mantine/core'
import { ChevronLeft, ChevronRight, RotateCw, ZoomOut } from 'lucide-react'
import { useQueryClient } from '@tanstack/react-query'
import { useView, useViewActions } from '@/shared/view/useView'
import { isMoving } from '@/shared/view/view'
import { scaled, shifted } from '@/shared/view/window'
import styles from './filters.module.css'

function now(): number {
  return Date.now() / 1000
}

/** Earlier, later, wider, and again. */
export function RangeSteps() {
  const { range } = useView()
  const { setRange } = useViewActions()
  const queries = useQueryClient()
  const steps = [
    { name: 'Earlier (←)', icon: ChevronLeft, act: () => setRange(shifted(range, -1, now())), off: false },
    { name: 'Later (→)', icon: ChevronRight, act: () => setRange(shifted(range, 1, now())), off: isMoving(range) },
    { name: 'Wider (−)', icon: ZoomOut, act: () => setRange(scaled(range, 2, now())), off: false },
    { name: 'Refresh (R)', icon: RotateCw, act: () => void queries.invalidateQueries(), off: false },
  ]
  return (
    <div className={styles.steps}>
      {steps.map(({ name, icon: Icon, act, off }) => (
        <ActionIcon
          key={name}
          variant="default"
          onClick={act}
          disabled={off}
          title={name}
          aria-label={name.replace(/ \(.*/, '')}
        >
          <Icon size={14} />
        </ActionIcon>
      ))}
    </div>
  )
}
