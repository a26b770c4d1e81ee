import { lazy, Suspense, useRef, useState } from 'react'
import { useScheme } from '@/shared/theme/useScheme'
import { download, fileName } from '@/shared/ui/download'
import { Fallback, type Outcome } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { ChartMenu } from './ChartMenu'
import { drawnCanvas } from './drawn'
import type { Column, Marker } from './columnOptions'
import { exactly, type Unit } from './model'
import { ink } from './palette'
import { toPng } from './png'
import styles from './charts.module.css'
import { load } from '@/shared/ui/load'

const ColumnPlot = lazy(() => load(() => import('./ColumnPlot')).then((module) => ({ default: module.ColumnPlot })))

export interface Columns {
  readonly columns: readonly Column[]
  readonly markers: readonly Marker[]
  /** The labels name the bounds between columns. */
  readonly edges?: boolean
}

interface ColumnChartProps {
  readonly title: string
  readonly hint: string
  readonly outcome: Outcome<Columns>
  readonly unit: Unit
  readonly height?: number
  readonly empty: string
  readonly className?: string | undefined
}

function sentence(title: string, { columns }: Columns, unit: Unit): string {
  const highest = columns.reduce<Column | undefined>(
    (best, item) => (best && best.value >= item.value ? best : item),
    undefined,
  )
  return highest === undefined
    ? `${title}: nothing to show.`
    : `${title}: most at ${highest.detail}, ${exactly(highest.value, unit)}.`
}

/** Columns that are not a course of time: a distribution, the hours of a day. */
export function ColumnChart({ title, hint, outcome, unit, height = 220, empty, className }: ColumnChartProps) {
  const scheme = useScheme()
  const figure = useRef<HTMLElement>(null)
  const [asTable, setAsTable] = useState(false)
  const save = async (): Promise<void> => {
    const canvas = await drawnCanvas(() => figure.current)
    if (canvas === null) return
    const picture = await toPng(canvas, { title, subtitle: hint, legend: [] }, ink(scheme))
    if (picture !== null) download(picture, fileName(title, 'png'))
  }
  const menu = (
    <ChartMenu
      title={title}
      asTable={asTable}
      onTable={setAsTable}
      onPicture={() => void save()}
      logarithmic={null}
      onLogarithmic={() => undefined}
    />
  )
  return (
    <Panel title={title} hint={hint} actions={menu} stale={outcome.isPlaceholderData} className={className}>
      <Fallback outcome={outcome} height={height}>
        {(data) => (
          <figure ref={figure}>
            <figcaption className="visually-hidden">{sentence(title, data, unit)}</figcaption>
            {asTable ? (
              <ColumnTable title={title} columns={data.columns} unit={unit} height={height} />
            ) : (
              <Suspense fallback={<div style={{ height }} />}>
                <div style={{ position: 'relative' }}>
                  <ColumnPlot
                    title={title}
                    columns={data.columns}
                    markers={data.markers}
                    unit={unit}
                    height={height}
                    edges={data.edges ?? false}
                  />
                  {data.columns.every((column) => column.value === 0) && <p className={styles.none}>{empty}</p>}
                </div>
              </Suspense>
            )}
          </figure>
        )}
      </Fallback>
    </Panel>
  )
}

interface ColumnTableProps {
  readonly title: string
  readonly columns: readonly Column[]
  readonly unit: Unit
  readonly height: number
}

function ColumnTable({ title, columns, unit, height }: ColumnTableProps) {
  return (
    <div className={styles.tableBox} style={{ height }} tabIndex={0} role="group" aria-label={`${title} as a table`}>
      <table className={styles.table}>
        <tbody>
          {columns.map((column) => (
            <tr key={column.detail}>
              <th scope="row">{column.detail}</th>
              <td>{exactly(column.value, unit)}</td>
              {column.notes.map((note) => (
                <td key={note}>{note}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
