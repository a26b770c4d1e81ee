import { Button } from '@mantine/core'
import { ArrowLeftRight, ChevronDown, Timer } from 'lucide-react'
import { Choice } from '@/shared/ui/Choice'
import { useScope, useView, useViewActions } from '@/shared/view/useView'
import { COMPARISONS, GRANULARITIES, type Comparison, type Dimension, type Granularity } from '@/shared/view/view'
import { DimensionPicker } from './DimensionPicker'
import { SavedViews } from './SavedViews'
import styles from './filters.module.css'

const PICKED: readonly Dimension[] = ['protocol', 'endpoint', 'method', 'status_code', 'environment', 'workspace_id']

const granularities = Object.entries(GRANULARITIES) as [Granularity, string][]

const comparisons = (Object.entries(COMPARISONS) as [Comparison, string][]).map(
  ([value, name]) => [value, `Compare with ${name}`] as const,
)

const SHORT: Record<Comparison, string> = { previous: 'Period before', week: 'Last week', off: 'No comparison' }

/** Everything but the window, in a row or, on phones, in a column. */
export function Controls() {
  const view = useView()
  const fixed = useScope().filters
  const { change } = useViewActions()
  return (
    <>
      {PICKED.map((dimension) => (
        // What the page itself fixes cannot be chosen again.
        <DimensionPicker
          key={dimension}
          dimension={dimension}
          disabled={fixed[dimension] !== view.filters[dimension]}
        />
      ))}
      <div className={styles.spread} />
      <Choice
        title="Width of a bucket"
        options={granularities}
        value={view.granularity}
        onChange={(granularity) => change({ granularity })}
      >
        <Button variant="default" size="xs" leftSection={<Timer size={14} />} rightSection={<ChevronDown size={13} />}>
          {GRANULARITIES[view.granularity]}
        </Button>
      </Choice>
      <Choice title="Comparison" options={comparisons} value={view.compare} onChange={(compare) => change({ compare })}>
        <Button
          variant="default"
          size="xs"
          leftSection={<ArrowLeftRight size={14} />}
          rightSection={<ChevronDown size={13} />}
        >
          {SHORT[view.compare]}
        </Button>
      </Choice>
      <SavedViews />
    </>
  )
}
