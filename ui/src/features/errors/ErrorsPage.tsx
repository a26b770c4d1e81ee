import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { TimeChart } from '@/shared/charts/TimeChart'
import { seriesModel, type Cut } from '@/shared/data/models'
import { useEarlierErrors } from '@/shared/data/useEarlier'
import { useSeries } from '@/shared/data/useFigures'
import { length } from '@/shared/format/time'
import { useScheme } from '@/shared/theme/useScheme'
import { Heading } from '@/shared/ui/Heading'
import { spaced } from '@/shared/view/words'
import { Events } from './Events'
import { Groups } from './Groups'
import styles from './errors.module.css'

type Grouping = 'error_category' | 'error_type'

const GROUPINGS: { value: Grouping; label: string }[] = [
  { value: 'error_category', label: 'By category' },
  { value: 'error_type', label: 'By type' },
]

const CUTS: Record<Grouping, Cut> = {
  error_category: { meaning: 'category', value: 'value', name: spaced },
  error_type: { meaning: null, value: 'value', name: spaced },
}

/** What fails: when, how often, and single cases. */
export function ErrorsPage() {
  const [grouping, setGrouping] = useState<Grouping>('error_category')
  return (
    <>
      <Heading title="Errors" hint="Requests with a status of 400 or more, or marked as failed.">
        <SegmentedControl
          size="xs"
          className={styles.grouping ?? ''}
          aria-label="Grouping of the chart"
          data={GROUPINGS}
          value={grouping}
          onChange={(value) => setGrouping(value)}
        />
      </Heading>
      <div className={styles.page}>
        <TrendChart grouping={grouping} />
        <Groups />
        <Events />
      </div>
    </>
  )
}

function TrendChart({ grouping }: { grouping: Grouping }) {
  const scheme = useScheme()
  const series = useSeries('errors/trend', grouping)
  const earlier = useEarlierErrors()
  const model = useMemo(
    () => series.data && seriesModel(series.data, CUTS[grouping], scheme, earlier),
    [series.data, grouping, scheme, earlier],
  )
  return (
    <TimeChart
      title="Errors over time"
      hint={model === undefined ? 'errors' : `errors per ${length(model.bucketSeconds)}`}
      outcome={{ ...series, data: model }}
      unit="count"
      kind="bars"
      height={200}
      empty="No errors in this window"
    />
  )
}
