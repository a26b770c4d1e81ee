import { useMemo } from 'react'
import { ColumnChart } from '@/shared/charts/ColumnChart'
import { useReport } from '@/shared/data/useReport'
import { percentileColour } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { distribution } from './spread'

/** How the latencies spread. */
export function Distribution({ className }: { className?: string | undefined }) {
  const scheme = useScheme()
  const outcome = useReport('latency/distribution')
  const { data } = outcome
  const columns = useMemo(
    () => data && distribution(data.buckets, data, percentileColour('p95', scheme)),
    [data, scheme],
  )
  return (
    <ColumnChart
      title="Latency distribution"
      hint="requests by latency, logarithmic"
      outcome={{ ...outcome, data: columns }}
      unit="count"
      empty="No latencies known in this window"
      className={className}
    />
  )
}
