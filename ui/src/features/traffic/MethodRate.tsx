import { useMemo } from 'react'
import { TimeChart } from '@/shared/charts/TimeChart'
import { seriesModel } from '@/shared/data/models'
import { useEarlierSeries } from '@/shared/data/useEarlier'
import { useSeries } from '@/shared/data/useFigures'
import { useScheme } from '@/shared/theme/useScheme'

const CUT = { meaning: 'method', value: 'requests_per_second' } as const

/** Requests by method over the window. */
export function MethodRate() {
  const scheme = useScheme()
  const series = useSeries('requests', 'method')
  const earlier = useEarlierSeries('protocol')
  const model = useMemo(
    () => series.data && seriesModel(series.data, CUT, scheme, earlier),
    [series.data, scheme, earlier],
  )
  return (
    <TimeChart
      title="Request rate by method"
      hint="requests per second"
      outcome={{ ...series, data: model }}
      unit="rate"
      kind="area"
      height={200}
      empty="No requests in this window"
    />
  )
}
