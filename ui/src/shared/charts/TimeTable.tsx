import { period } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { UNKNOWN } from '@/shared/format/numbers'
import { exactly, type TimeModel, type Unit } from './model'
import styles from './charts.module.css'

interface TimeTableProps {
  readonly title: string
  readonly model: TimeModel
  readonly unit: Unit
  readonly height: number
}

/** The figures of a chart as a table, newest first. */
export function TimeTable({ title, model, unit, height }: TimeTableProps) {
  const zone = useZone()
  const rows = model.times.map((start, index) => ({ start, index })).reverse()
  return (
    // A region that scrolls must be reachable by keyboard.
    <div className={styles.tableBox} style={{ height }} tabIndex={0} role="group" aria-label={`${title} as a table`}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {model.series.map((series) => (
              <th key={series.label} scope="col">
                {series.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ start, index }) => (
            <tr key={start}>
              <th scope="row">{period(start, start + model.bucketSeconds, zone)}</th>
              {model.series.map((series) => {
                const value = series.values[index] ?? null
                return <td key={series.label}>{value === null ? UNKNOWN : exactly(value, unit)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
