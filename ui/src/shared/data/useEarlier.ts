import { useMemo } from 'react'
import type { Query, RequestSeries, Trend } from '@/shared/api/reports'
import { useScope } from '@/shared/view/useView'
import type { Earlier } from './models'
import { useComparison } from './useReport'

/** The name of the period of comparison in a legend. */
function useLabel(): string {
  const { compare } = useScope()
  return compare === 'week' ? 'last week' : 'period before'
}

export function useEarlierSeries(groupBy: NonNullable<Query<'requests'>['group_by']>): Earlier<RequestSeries> | null {
  const { granularity } = useScope()
  const label = useLabel()
  const { data, offset } = useComparison('requests', { granularity, group_by: groupBy })
  return useMemo(
    () => (data === undefined || offset === null ? null : { items: data.series, offset, label }),
    [data, offset, label],
  )
}

/** All errors of the period of comparison: by category it would be more lines than anybody can tell apart. */
export function useEarlierErrors(): Earlier<RequestSeries> | null {
  const { granularity } = useScope()
  const label = useLabel()
  const { data, offset } = useComparison('errors/trend', { granularity, group_by: 'error_category' })
  return useMemo(
    () => (data === undefined || offset === null ? null : { items: data.series, offset, label }),
    [data, offset, label],
  )
}

export function useEarlierTrend(): Earlier<Trend> | null {
  const { granularity } = useScope()
  const label = useLabel()
  const { data, offset } = useComparison('latency', { granularity })
  return useMemo(
    () => (data === undefined || offset === null ? null : { items: data.trends, offset, label: `P95, ${label}` }),
    [data, offset, label],
  )
}
