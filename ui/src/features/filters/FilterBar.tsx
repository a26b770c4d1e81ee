import { useMediaQuery } from '@mantine/hooks'
import { lazy, Suspense } from 'react'
import { Chips } from './Chips'
import { Controls } from './Controls'
import { RangePicker } from './RangePicker'
import { ResultLine } from './ResultLine'
import { RangeSteps } from './RangeSteps'
import styles from './filters.module.css'
import { load } from '@/shared/ui/load'

// Dialogs are for phones alone.
const FilterSheet = lazy(() => load(() => import('./FilterSheet')).then((module) => ({ default: module.FilterSheet })))

/** The window and the filters; always in sight. */
export function FilterBar() {
  const phone = useMediaQuery('(max-width: 767px)', false, { getInitialValueInEffect: false })
  return (
    <div className={styles.sticky} role="search" aria-label="Window and filters">
      <div className={styles.bar}>
        <RangePicker />
        <RangeSteps />
        {phone ? (
          <Suspense>
            <FilterSheet />
          </Suspense>
        ) : (
          <Controls />
        )}
      </div>
      <div className={styles.under}>
        <Chips />
        <ResultLine />
      </div>
    </div>
  )
}
