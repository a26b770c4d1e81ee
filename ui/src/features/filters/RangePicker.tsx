import { Button, Popover } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { CalendarDays, ChevronDown } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useZone } from '@/shared/format/zone'
import { useView, useViewActions } from '@/shared/view/useView'
import { isMoving, PRESETS, type Preset, type Range } from '@/shared/view/view'
import { PRESET_NAMES, rangeName } from '@/shared/view/words'
import styles from './filters.module.css'
import { load } from '@/shared/ui/load'

// The calendar is large and seldom needed.
const CustomRange = lazy(() => load(() => import('./CustomRange')).then((module) => ({ default: module.CustomRange })))

/** The window: one of those that end now, or any two times. */
export function RangePicker() {
  const { range } = useView()
  const { setRange } = useViewActions()
  const zone = useZone()
  const [open, { toggle, close }] = useDisclosure(false)
  const pick = (next: Range): void => {
    setRange(next)
    close()
  }
  return (
    <Popover opened={open} onChange={close} position="bottom-start" shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          className={styles.range}
          leftSection={<CalendarDays size={14} />}
          rightSection={<ChevronDown size={13} />}
          onClick={toggle}
        >
          {rangeName(range, zone)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <div className={styles.ranges}>
          <ul className={styles.presets}>
            {(Object.keys(PRESETS) as Preset[]).map((preset, index) => (
              <li key={preset}>
                <button
                  type="button"
                  aria-pressed={isMoving(range) && range.preset === preset}
                  onClick={() => pick({ preset })}
                >
                  {PRESET_NAMES[preset]}
                  {index < DIGIT_KEYS && <kbd>{index + 1}</kbd>}
                </button>
              </li>
            ))}
          </ul>
          <Suspense fallback={<div className={styles.calendarWait} />}>
            <CustomRange range={range} onPick={pick} />
          </Suspense>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

const DIGIT_KEYS = 7
