import { lazy, Suspense } from 'react'
import { ListBox } from '@/shared/ui/ListBox'
import { load } from '@/shared/ui/load'
import type { Unfolded } from '@/shared/ui/Unfold'
import { useView, useViewActions } from '@/shared/view/useView'
import { isMoving, PRESETS, type Preset, type Range } from '@/shared/view/view'
import { PRESET_NAMES } from '@/shared/view/words'
import styles from './range.module.css'

// The calendar is large and seldom needed.
const CustomRange = lazy(() => load(() => import('./CustomRange')).then((module) => ({ default: module.CustomRange })))

const DIGIT_KEYS = 7

/** The windows that end now, and a calendar for all others. */
export function RangeList(unfolded: Unfolded) {
  const { range } = useView()
  const { setRange } = useViewActions()
  const pick = (next: Range): void => {
    setRange(next)
    unfolded.onChange(false)
  }
  return (
    <ListBox {...unfolded}>
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
    </ListBox>
  )
}
