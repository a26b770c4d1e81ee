import { lazy, Suspense, useId, useMemo, useRef, useState } from 'react'
import { period, zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { useScheme } from '@/shared/theme/useScheme'
import { download, fileName } from '@/shared/ui/download'
import { load } from '@/shared/ui/load'
import { Panel } from '@/shared/ui/Panel'
import { Fallback, type Outcome } from '@/shared/ui/Fallback'
import { ChartMenu } from './ChartMenu'
import { drawnCanvas } from './drawn'
import type { Kind } from './datasets'
import { Legend } from './Legend'
import { hasValues, type TimeModel, type Unit } from './model'
import { ink } from './palette'
import { toPng } from './png'
import { summary } from './summary'
import { TimeTable } from './TimeTable'
import styles from './charts.module.css'

// The canvas library is the largest part of the page: cards and tables do not wait for it. It is fetched at once, ahead
// of the figures, which would take all the connections a browser makes.
const loading = load(() => import('./Plot')).then((module) => ({ default: module.Plot }))
const Plot = lazy(() => loading)

/** Pixels of the canvas; on a phone two charts have to fit on the screen. */
const HEIGHT = window.matchMedia('(max-width: 639px)').matches ? 200 : 220
const NOTHING_HIDDEN: ReadonlySet<string> = new Set()

export interface TimeChartProps {
  readonly title: string
  /** What the axis counts: `requests per second`. */
  readonly hint: string
  readonly outcome: Outcome<TimeModel>
  readonly unit: Unit
  readonly kind: Kind
  readonly height?: number
  readonly anchor?: string
  /** Said where there are no values at all. */
  readonly empty?: string
  readonly offerLogarithmic?: boolean
}

/** A chart over time with everything that belongs to one: crosshair, legend, zoom, picture, table, words. */
export function TimeChart(props: TimeChartProps) {
  const { title, hint, outcome, unit, kind, height = HEIGHT, anchor, empty, offerLogarithmic = false } = props
  const owner = useId()
  const zone = useZone()
  const scheme = useScheme()
  const figure = useRef<HTMLElement>(null)
  const [hidden, setHidden] = useState(NOTHING_HIDDEN)
  const [asTable, setAsTable] = useState(false)
  const [logarithmic, setLogarithmic] = useState(false)
  const model = outcome.data
  const words = useMemo(() => (model ? summary(title, model, unit, zone) : ''), [title, model, unit, zone])

  const save = async (): Promise<void> => {
    const canvas = await drawnCanvas(() => figure.current)
    if (canvas === null || model === undefined) return
    const subtitle = `${hint} · ${period(model.start, model.end, zone)} ${zoneName(zone)}`
    const legend = model.series.filter((series) => !hidden.has(series.label))
    const picture = await toPng(canvas, { title, subtitle, legend }, ink(scheme))
    if (picture !== null) download(picture, fileName(title, 'png'))
  }

  const menu = (
    <ChartMenu
      title={title}
      asTable={asTable}
      onTable={setAsTable}
      onPicture={() => void save()}
      logarithmic={offerLogarithmic ? logarithmic : null}
      onLogarithmic={setLogarithmic}
    />
  )
  return (
    <Panel
      title={title}
      hint={model?.ghost === undefined ? hint : <Dashed hint={hint} label={model.ghost.label} />}
      actions={menu}
      anchor={anchor}
      stale={outcome.isPlaceholderData}
    >
      <Fallback outcome={outcome} height={height + 24}>
        {(data) => (
          <figure ref={figure}>
            <figcaption className="visually-hidden">{words}</figcaption>
            {asTable ? (
              <TimeTable title={title} model={data} unit={unit} height={height} />
            ) : (
              <Suspense fallback={<div style={{ height }} />}>
                <div style={{ position: 'relative' }}>
                  <Plot
                    title={title}
                    model={data}
                    unit={unit}
                    kind={kind}
                    logarithmic={logarithmic}
                    hidden={hidden}
                    height={height}
                    owner={owner}
                  />
                  {!hasValues(data) && <p className={styles.none}>{empty ?? 'Nothing in this window'}</p>}
                </div>
              </Suspense>
            )}
            <Legend series={data.series} hidden={hidden} onChange={setHidden} />
          </figure>
        )}
      </Fallback>
    </Panel>
  )
}

function Dashed({ hint, label }: { hint: string; label: string }) {
  return (
    <>
      {hint} <span className={styles.dashed} /> {label}
    </>
  )
}
