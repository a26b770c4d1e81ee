import { useMemo } from 'react'
import { TimeChart } from '@/shared/charts/TimeChart'
import { errorRateModel, latencyModel, seriesModel } from '@/shared/data/models'
import { useEarlierErrors, useEarlierSeries, useEarlierTrend } from '@/shared/data/useEarlier'
import { useLatencyTrend, useProtocolSeries, useSeries } from '@/shared/data/useFigures'
import { length } from '@/shared/format/time'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { spaced } from '@/shared/view/words'
import styles from '@/shared/ui/Page.module.css'

/** Rates, latencies and errors on one time axis. */
export function Charts() {
  return (
    <>
      <div className={styles.half}>
        <RateChart />
      </div>
      <div className={styles.half}>
        <LatencyChart />
      </div>
      <div className={styles.half}>
        <ErrorRateChart />
      </div>
      <div className={styles.half}>
        <ErrorCategoryChart />
      </div>
    </>
  )
}

export function RateChart() {
  const scheme = useScheme()
  const series = useProtocolSeries()
  const earlier = useEarlierSeries('protocol')
  const model = useMemo(
    () =>
      series.data && seriesModel(series.data, { meaning: 'protocol', value: 'requests_per_second' }, scheme, earlier),
    [series.data, scheme, earlier],
  )
  return (
    <TimeChart
      title="Request rate by protocol"
      hint="requests per second"
      anchor="rate"
      outcome={{ ...series, data: model }}
      unit="rate"
      kind="area"
      empty="No requests in this window"
    />
  )
}

export function LatencyChart() {
  const scheme = useScheme()
  const trend = useLatencyTrend()
  const earlier = useEarlierTrend()
  const model = useMemo(() => trend.data && latencyModel(trend.data, scheme, earlier), [trend.data, scheme, earlier])
  return (
    <TimeChart
      title="Latency"
      hint="milliseconds"
      anchor="latency"
      outcome={{ ...trend, data: model }}
      unit="milliseconds"
      kind="line"
      empty="No latencies known in this window"
      offerLogarithmic
    />
  )
}

export function ErrorRateChart() {
  const scheme = useScheme()
  const series = useProtocolSeries()
  const earlier = useEarlierSeries('protocol')
  const model = useMemo(
    () => series.data && errorRateModel(series.data, colourOf('status', '5xx', scheme), earlier),
    [series.data, scheme, earlier],
  )
  return (
    <TimeChart
      title="Error rate"
      hint="percent of requests"
      anchor="error-rate"
      outcome={{ ...series, data: model }}
      unit="percent"
      kind="line"
      empty="No errors in this window"
    />
  )
}

const CATEGORY_CUT = { meaning: 'category', value: 'value', name: spaced } as const

export function ErrorCategoryChart() {
  const scheme = useScheme()
  const series = useSeries('errors/trend', 'error_category')
  const earlier = useEarlierErrors()
  const model = useMemo(
    () => series.data && seriesModel(series.data, CATEGORY_CUT, scheme, earlier),
    [series.data, scheme, earlier],
  )
  return (
    <TimeChart
      title="Errors by category"
      hint={model === undefined ? 'errors' : `errors per ${length(model.bucketSeconds)}`}
      anchor="errors-by-category"
      outcome={{ ...series, data: model }}
      unit="count"
      kind="bars"
      empty="No errors in this window"
    />
  )
}

const STATUS_CUT = { meaning: 'status', value: 'requests_per_second' } as const

/** Where there is one protocol alone, how its requests end says more. */
export function StatusRateChart() {
  const scheme = useScheme()
  const series = useSeries('requests', 'status_class')
  const earlier = useEarlierSeries('protocol')
  const model = useMemo(
    () => series.data && seriesModel(series.data, STATUS_CUT, scheme, earlier),
    [series.data, scheme, earlier],
  )
  return (
    <TimeChart
      title="Request rate by status"
      hint="requests per second"
      anchor="rate"
      outcome={{ ...series, data: model }}
      unit="rate"
      kind="area"
      empty="No requests in this window"
    />
  )
}
