import type { Chart as ChartJS, Plugin } from 'chart.js'
import { useMemo, useState } from 'react'
import { Chart } from 'react-chartjs-2'
import { period } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { useScheme } from '@/shared/theme/useScheme'
import { useScope } from '@/shared/view/useView'
import { Crosshair } from './Crosshair'
import { datasets, type Kind } from './datasets'
import { bucketAt, exactly, hasValues, percentCeiling, type TimeModel, type Unit } from './model'
import { options } from './options'
import { ink } from './palette'
import './register'
import { useCrosshair } from './useCrosshair'
import { useHeld } from './useHeld'
import { usePlot, type Area } from './usePlot'
import styles from './charts.module.css'

export interface PlotProps {
  readonly title: string
  readonly model: TimeModel
  readonly unit: Unit
  readonly kind: Kind
  readonly logarithmic: boolean
  readonly hidden: ReadonlySet<string>
  readonly height: number
  readonly owner: string
}

function useArea(): [Area | null, Plugin<'line' | 'bar'>] {
  const [area, setArea] = useState<Area | null>(null)
  const plugin = useMemo<Plugin<'line' | 'bar'>>(
    () => ({
      id: 'area',
      afterLayout: ({ chartArea: { left, right, top, bottom } }: ChartJS) => {
        setArea((known) => {
          const same = known?.left === left && known.right === right && known.top === top && known.bottom === bottom
          return same ? known : { left, right, top, bottom }
        })
      },
    }),
    [],
  )
  return [area, plugin]
}

/** What a screen reader says for the bucket under the crosshair. */
function useSpoken(model: TimeModel, unit: Unit, hidden: ReadonlySet<string>): { index: number; words: string } {
  const zone = useZone()
  const pointed = useCrosshair()
  const index = pointed === null ? -1 : bucketAt(model, pointed.at)
  const start = model.times[index]
  if (start === undefined) return { index: 0, words: 'Use the arrow keys to read the values' }
  const values = model.series
    .filter((series) => !hidden.has(series.label))
    .map((series) => {
      const value = series.values[index] ?? null
      return `${series.label} ${value === null ? 'unknown' : exactly(value, unit)}`
    })
  return { index, words: `${period(start, start + model.bucketSeconds, zone)}: ${values.join(', ')}` }
}

export function Plot({ title, model: newest, unit, kind, logarithmic, hidden, height, owner }: PlotProps) {
  const zone = useZone()
  const colours = ink(useScheme())
  const scope = useScope()
  const [area, plugin] = useArea()
  const [holding, setHolding] = useState(false)
  const model = useHeld(newest, holding, JSON.stringify(scope))
  const { drag, held, handlers } = usePlot(model, owner, area)
  if (held !== holding) setHolding(held)
  const spoken = useSpoken(model, unit, hidden)
  const { start, end } = model
  const ceiling = unit === 'percent' ? percentCeiling(model) : null
  const empty = !hasValues(model) && model.ghost === undefined
  const look = useMemo(
    () => options({ start, end, zone, unit, kind, logarithmic, ceiling, empty, ink: colours }),
    [start, end, zone, unit, kind, logarithmic, ceiling, empty, colours],
  )
  const data = useMemo(() => ({ datasets: datasets(model, kind, hidden, colours) }), [model, kind, hidden, colours])
  return (
    <div
      className={styles.plot}
      style={{ height }}
      tabIndex={0}
      role="slider"
      aria-label={`${title}, values over time`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, model.times.length - 1)}
      aria-valuenow={spoken.index}
      aria-valuetext={spoken.words}
      {...handlers}
    >
      <div className={styles.canvas}>
        <Chart
          type={kind === 'bars' ? 'bar' : 'line'}
          data={data}
          options={look}
          plugins={[plugin]}
          datasetIdKey="label"
          updateMode="none"
          aria-hidden="true"
        />
      </div>
      {drag !== null && area !== null && (
        <div
          className={styles.selection}
          style={{
            left: Math.min(drag.from, drag.to),
            width: Math.abs(drag.to - drag.from),
            top: area.top,
            height: area.bottom - area.top,
          }}
        />
      )}
      {area !== null && (
        <Crosshair model={model} area={area} owner={owner} unit={unit} stacked={kind !== 'line'} hidden={hidden} />
      )}
    </div>
  )
}
