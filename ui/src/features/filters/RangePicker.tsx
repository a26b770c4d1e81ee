import { Button } from '@mantine/core'
import { CalendarDays, ChevronDown } from 'lucide-react'
import { lazy, useState } from 'react'
import { useZone } from '@/shared/format/zone'
import { load, near } from '@/shared/ui/load'
import { Unfold } from '@/shared/ui/Unfold'
import { useView } from '@/shared/view/useView'
import { rangeName } from '@/shared/view/words'
import styles from './filters.module.css'

const part = () => import('./RangeList').then((module) => ({ default: module.RangeList }))
const RangeList = lazy(() => load(part))

/** The window: one of those that end now, or any two times. */
export function RangePicker() {
  const { range } = useView()
  const zone = useZone()
  const [opened, setOpened] = useState(false)
  const button = (
    <Button
      variant="default"
      size="xs"
      className={styles.range}
      leftSection={<CalendarDays size={14} />}
      rightSection={<ChevronDown size={13} />}
    >
      {rangeName(range, zone)}
    </Button>
  )
  return (
    <Unfold kind="dialog" button={button} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <RangeList {...unfolded} />}
    </Unfold>
  )
}
