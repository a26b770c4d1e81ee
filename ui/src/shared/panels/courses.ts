import type { RequestSeries, Trend } from '@/shared/api/reports'

/** The course of each figure over the window, for the lines in the cards. */

type Course = readonly (number | null)[]

/** Room for a line on a card: more points than this cannot be told apart. */
const POINTS = 60

function sums(series: readonly RequestSeries[], read: (point: RequestSeries['data'][number]) => number): number[] {
  const [first] = series
  return (
    first?.data.map((_, index) =>
      series.reduce((sum, item) => sum + (item.data[index] ? read(item.data[index]) : 0), 0),
    ) ?? []
  )
}

function thinned(values: Course): Course {
  const step = Math.ceil(values.length / POINTS)
  return step <= 1 ? values : values.filter((_, index) => index % step === 0)
}

export function requestCourses(series: readonly RequestSeries[]): {
  requests: Course
  errors: Course
  errorRate: Course
} {
  const requests = sums(series, (point) => point.value)
  const errors = sums(series, (point) => point.error_count)
  // The last bucket is still filling: its count would look like a fall.
  const errorRate = requests.map((total, index) => (total === 0 ? null : (100 * (errors[index] ?? 0)) / total))
  return {
    requests: thinned(requests.slice(0, -1)),
    errors: thinned(errors.slice(0, -1)),
    errorRate: thinned(errorRate),
  }
}

export function latencyCourse(trends: readonly Trend[], key: 'avg' | 'p50' | 'p95' | 'p99'): Course {
  return thinned(trends.map((trend) => (trend.latency_count > 0 ? trend[key] : null)))
}
