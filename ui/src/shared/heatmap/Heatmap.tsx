import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { ChartMenu } from '@/shared/charts/ChartMenu'
import { ink } from '@/shared/charts/palette'
import { toPng } from '@/shared/charts/png'
import { useReport } from '@/shared/data/useReport'
import { zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { fromWall } from '@/shared/format/wall'
import { useScheme } from '@/shared/theme/useScheme'
import { download, fileName } from '@/shared/ui/download'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useZoom } from '@/shared/view/useZoom'
import { Grid } from './Grid'
import { HeatTable } from './HeatTable'
import { heatPicture } from './picture'
import { Scale } from './Scale'
import { largestOf, week, type Cell, type Metric } from './week'
import { METRICS, summary } from './words'
import styles from './Heatmap.module.css'

interface HeatmapProps {
  /** Days to look back for what is usual; the cells show the newest week. */
  readonly days: number
  readonly className?: string | undefined
}

const HEIGHT = window.matchMedia('(max-width: 639px)').matches ? 600 : 232
const HOUR_SECONDS = 3600
const TITLE = 'Traffic heatmap'
const NO_ROWS: never[] = []

/** Traffic by weekday and hour, in the zone of the reader. */
export function Heatmap({ days, className }: HeatmapProps) {
  const zone = useZone()
  const zoom = useZoom()
  const outcome = useReport('traffic-patterns', { days, zone: zoneName(zone) }, { ownWindow: true })
  const scheme = useScheme()
  const [asTable, setAsTable] = useState(false)
  const [metric, setMetric] = useState<Metric>('requests')
  const cells = useMemo(() => week(outcome.data?.patterns ?? NO_ROWS), [outcome.data])
  const largest = largestOf(cells, metric)
  const pick = (cell: Cell): void => {
    const from = fromWall(cell.date, `${String(cell.hour).padStart(2, '0')}:00`, zone)
    if (from !== null) zoom.to(from, from + HOUR_SECONDS)
  }
  const save = async (): Promise<void> => {
    const colours = ink(scheme)
    const { canvas, scale, legend } = heatPicture(cells, metric, largest, colours)
    const subtitle = `${METRICS.find(({ value }) => value === metric)?.label ?? ''} · newest week · ${zoneName(zone)}`
    const picture = await toPng(canvas, { title: TITLE, subtitle, legend }, colours, scale)
    if (picture !== null) download(picture, fileName(TITLE, 'png'))
  }
  const actions = (
    <div className={styles.actions}>
      {!asTable && (
        <SegmentedControl
          size="xs"
          aria-label="Figure of the heatmap"
          data={[...METRICS]}
          value={metric}
          onChange={(value) => setMetric(value)}
        />
      )}
      <ChartMenu
        title={TITLE}
        asTable={asTable}
        onTable={setAsTable}
        onPicture={() => void save()}
        logarithmic={null}
        onLogarithmic={() => undefined}
      />
    </div>
  )
  return (
    <Panel
      title={TITLE}
      hint={`newest week · ${zoneName(zone)} · click an hour to see it`}
      className={className}
      actions={actions}
      stale={outcome.isPlaceholderData}
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {() =>
          asTable ? (
            <HeatTable title={TITLE} cells={cells} height={HEIGHT} />
          ) : (
            <figure>
              <figcaption className="visually-hidden">{summary(cells, metric)}</figcaption>
              <Grid cells={cells} metric={metric} largest={largest} onPick={pick} />
              <Scale largest={largest} metric={metric} />
            </figure>
          )
        }
      </Fallback>
    </Panel>
  )
}
