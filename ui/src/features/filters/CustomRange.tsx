import '@mantine/dates/styles.css'
import { Button, TextInput } from '@mantine/core'
import { DatePicker } from '@mantine/dates'
import { useState } from 'react'
import { zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { isMoving, PRESETS, type Range, type Still } from '@/shared/view/view'
import { fromWall, toWall } from '@/shared/format/wall'
import styles from './range.module.css'

const LABELS = { previousMonth: 'Previous month', nextMonth: 'Next month' }

interface CustomRangeProps {
  readonly range: Range
  readonly onPick: (range: Range) => void
}

function bounds(range: Range): Still {
  if (!isMoving(range)) return range
  const to = Math.floor(Date.now() / 60_000) * 60
  return { from: to - PRESETS[range.preset], to }
}

/** Any two times: days from the calendar, times of day by hand. */
export function CustomRange({ range, onPick }: CustomRangeProps) {
  const zone = useZone()
  const [start] = useState(() => bounds(range))
  const [today] = useState(() => toWall(Date.now() / 1000, zone).day)
  const [days, setDays] = useState<[string | null, string | null]>([
    toWall(start.from, zone).day,
    toWall(start.to, zone).day,
  ])
  const [times, setTimes] = useState([toWall(start.from, zone).time, toWall(start.to, zone).time] as const)
  const from = days[0] === null ? null : fromWall(days[0], times[0], zone)
  const to = days[0] === null ? null : fromWall(days[1] ?? days[0], times[1], zone)
  const right = from !== null && to !== null && to > from
  return (
    <form
      className={styles.calendar}
      onSubmit={(event) => {
        event.preventDefault()
        if (right) onPick({ from, to })
      }}
    >
      <DatePicker
        type="range"
        ariaLabels={LABELS}
        size="xs"
        allowSingleDateInRange
        firstDayOfWeek={0}
        hideOutsideDates
        value={days}
        onChange={setDays}
        maxDate={today}
        defaultDate={toWall(start.to, zone).day}
      />
      <div className={styles.times}>
        <TextInput
          type="time"
          step="1"
          size="xs"
          label="From"
          value={times[0]}
          onChange={(event) => setTimes([event.currentTarget.value, times[1]])}
        />
        <TextInput
          type="time"
          step="1"
          size="xs"
          label="To"
          value={times[1]}
          onChange={(event) => setTimes([times[0], event.currentTarget.value])}
        />
        <Button type="submit" size="xs" disabled={!right}>
          Show
        </Button>
      </div>
      <p className={styles.zone}>
        {right || from === null ? `Times in ${zoneName(zone)}` : 'The end must be after the start'}
      </p>
    </form>
  )
}
