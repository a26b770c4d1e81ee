import { X } from 'lucide-react'
import { middle } from '@/shared/format/numbers'
import { useView, useViewActions } from '@/shared/view/useView'
import { DIMENSION_NAMES, DIMENSIONS, filterCount } from '@/shared/view/view'
import { valueName } from '@/shared/view/words'
import styles from './filters.module.css'

const SHOWN = 44

/** What is set, each to be taken away. */
export function Chips() {
  const { filters } = useView()
  const { toggle, setFilter } = useViewActions()
  if (filterCount(filters) === 0) return null
  return (
    <ul className={styles.chips} aria-label="Filters">
      {DIMENSION_NAMES.flatMap((dimension) =>
        (filters[dimension] ?? []).map((value) => (
          <li key={`${dimension} ${value}`}>
            <button
              type="button"
              className={styles.chip}
              onClick={() => toggle(dimension, value)}
              title={value}
              aria-label={`Remove filter ${DIMENSIONS[dimension]} ${value}`}
            >
              <span className={styles.chipName}>{DIMENSIONS[dimension]}</span>{' '}
              {middle(valueName(dimension, value), SHOWN)}
              <X size={12} aria-hidden="true" />
            </button>
          </li>
        )),
      )}
      <li>
        <button type="button" className={styles.reset} onClick={() => setFilter({})}>
          Reset
        </button>
      </li>
    </ul>
  )
}
