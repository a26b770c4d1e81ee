import { useMemo } from 'react'
import { ColumnChart } from '@/shared/charts/ColumnChart'
import { useReport } from '@/shared/data/useReport'
import { zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { percentileColour } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { hoursOfDay, weekdays } from './rhythm'

/** Four weeks: every slot of the week four times. */
export const HOURLY_DAYS = 28

function usePatterns() {
  const zone = useZone()
  return useReport('traffic-patterns', { days: HOURLY_DAYS, zone: zoneName(zone) }, { ownWindow: true })
}

function useColour(): string {
  return percentileColour('p95', useScheme())
}

export function HoursOfDay() {
  const zone = useZone()
  const colour = useColour()
  const outcome = usePatterns()
  const data = useMemo(() => outcome.data && hoursOfDay(outcome.data.week, colour), [outcome.data, colour])
  return (
    <ColumnChart
      title="By hour of the day"
      hint={`requests an hour · last ${HOURLY_DAYS} days · ${zoneName(zone)}`}
      outcome={{ ...outcome, data }}
      unit="count"
      height={200}
      empty="No requests in these days"
    />
  )
}

export function Weekdays() {
  const colour = useColour()
  const outcome = usePatterns()
  const data = useMemo(() => outcome.data && weekdays(outcome.data.week, colour), [outcome.data, colour])
  return (
    <ColumnChart
      title="By weekday"
      hint={`requests an hour · last ${HOURLY_DAYS} days`}
      outcome={{ ...outcome, data }}
      unit="count"
      height={200}
      empty="No requests in these days"
    />
  )
}
