import type { Chart as ChartJS, ChartData, Plugin } from 'chart.js'
import { useMemo, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { Chart } from 'react-chartjs-2'
import { useScheme } from '@/shared/theme/useScheme'
import { columnOptions, markerLines, type Column, type Marker } from './columnOptions'
import { exactly, type Unit } from './model'
import { ink } from './palette'
import './register'
import type { Area } from './usePlot'
import styles from './charts.module.css'

export interface ColumnPlotProps {
  readonly title: string
  readonly columns: readonly Column[]
  readonly markers: readonly Marker[]
  readonly unit: Unit
  readonly height: number
  /** The labels are where columns begin, not what they are. */
  readonly edges: boolean
}

function useArea(): [Area | null, Plugin<'bar'>] {
  const [area, setArea] = useState<Area | null>(null)
  const plugin = useMemo<Plugin<'bar'>>(
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

/** Columns side by side, each with its name and value; arrows read them one by one. */
export function ColumnPlot({ title, columns, markers, unit, height, edges }: ColumnPlotProps) {
  const colours = ink(useScheme())
  const [area, plugin] = useArea()
  const [index, setIndex] = useState<number | null>(null)
  const pointed = index === null ? undefined : columns[index]
  const data = useMemo<ChartData<'bar', { x: number; y: number }[]>>(
    () => ({
      datasets: [
        {
          label: title,
          data: columns.map((column, x) => ({ x, y: column.value })),
          backgroundColor: columns.map((column) => column.colour),
          barPercentage: 0.9,
          categoryPercentage: 1,
        },
      ],
    }),
    [columns, title],
  )
  const options = useMemo(
    () => columnOptions(columns, unit, colours, edges ? -0.5 : 0),
    [columns, unit, colours, edges],
  )
  const lines = useMemo(() => markerLines(markers, colours), [markers, colours])

  const point = (event: PointerEvent<HTMLElement>): void => {
    if (area === null) return
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const place = Math.floor(((x - area.left) / (area.right - area.left)) * columns.length)
    setIndex(place >= 0 && place < columns.length ? place : null)
  }
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (step === 0) return
    event.preventDefault()
    event.stopPropagation()
    setIndex((at) => Math.min(columns.length - 1, Math.max(0, at === null ? 0 : at + step)))
  }
  return (
    <div
      className={styles.plot}
      style={{ height }}
      tabIndex={0}
      role="slider"
      aria-label={title}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, columns.length - 1)}
      aria-valuenow={index ?? 0}
      aria-valuetext={
        pointed === undefined
          ? 'Use the arrow keys to read the values'
          : `${pointed.detail}: ${exactly(pointed.value, unit)}`
      }
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => setIndex(null)}
      onBlur={() => setIndex(null)}
      onKeyDown={press}
    >
      <Chart
        type="bar"
        data={data}
        options={options}
        plugins={[plugin, lines]}
        // The markers are drawn by a plugin, which a chart takes only when it is made.
        key={markers.map((marker) => marker.label + marker.at.toFixed(1)).join()}
        updateMode="none"
        aria-hidden="true"
      />
      {pointed !== undefined && index !== null && area !== null && (
        <ColumnTip column={pointed} unit={unit} area={area} share={(index + 0.5) / columns.length} />
      )}
    </div>
  )
}

function ColumnTip({ column, unit, area, share }: { column: Column; unit: Unit; area: Area; share: number }) {
  const x = area.left + share * (area.right - area.left)
  const place = share > 0.5 ? { right: `calc(100% - ${x - 12}px)` } : { left: x + 12 }
  return (
    <div className={styles.tip} data-own style={place} aria-hidden="true">
      <div className={styles.tipHead}>
        <b>{column.detail}</b>
      </div>
      <div className={styles.tipRow}>
        <span className={styles.swatch} style={{ background: column.colour }} />
        <b>{exactly(column.value, unit)}</b>
      </div>
      {column.notes.map((note) => (
        <div key={note} className={styles.tipNone}>
          {note}
        </div>
      ))}
    </div>
  )
}
