import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useReport } from '@/shared/data/useReport'
import { zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { fromWall } from '@/shared/format/wall'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useZoom } from '@/shared/view/useZoom'
import { Grid } from './Grid'
import { Scale } from './Scale'
import { valueOf, week, type Cell, type Metric } from './week'
import { METRICS } from './words'

interface HeatmapProps {
  /** Days to look back for what is usual; the cells show the newest week. */
  readonly days: number
  readonly className?: string | undefined
}

const HEIGHT = 232
const HOUR_SECONDS = 3600
const NO_ROWS: never[] = []

/** Traffic by weekday and hour, in the zone of the reader. */
export function Heatmap({ days, className }: HeatmapProps) {
  const zone = useZone()
  const zoom = useZoom()
  const outcome = useReport('traffic-patterns', { days, zone: zoneName(zone) }, { ownWindow: true })
  const [metric, setMetric] = useState<Metric>('requests')
  const cells = useMemo(() => week(outcome.data?.patterns ?? NO_ROWS), [outcome.data])
  const largest = Math.max(0, ...cells.map((cell) => (cell === undefined ? 0 : (valueOf(cell, metric) ?? 0))))
  const pick = (cell: Cell): void => {
    const from = fromWall(cell.date, `${String(cell.hour).padStart(2, '0')}:00`, zone)
    if (from !== null) zoom.to(from, from + HOUR_SECONDS)
  }
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label="Figure of the heatmap"
      data={[...METRICS]}
      value={metric}
      onChange={(value) => setMetric(value)}
    />
  )
  return (
    <Panel
      title="Traffic heatmap"
      hint={`newest week · ${zoneName(zone)} · click an hour to see it`}
      className={className}
      actions={choice}
      stale={outcome.isPlaceholderData}
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {() => (
          <>
            <Grid cells={cells} metric={metric} largest={largest} onPick={pick} />
            <Scale largest={largest} metric={metric} />
          </>
        )}
      </Fallback>
    </Panel>
  )
}
