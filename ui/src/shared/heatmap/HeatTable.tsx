import tables from '@/shared/charts/charts.module.css'
import { count, milliseconds, percent, text, UNKNOWN } from '@/shared/format/numbers'
import { valueOf, type Cell } from './week'
import { DAY_NAMES } from './words'

interface HeatTableProps {
  readonly title: string
  readonly cells: readonly (Cell | undefined)[]
  readonly height: number
}

function share(value: number | null): string {
  return value === null ? UNKNOWN : text(percent(value))
}

/** The hours of the heatmap as a table, newest first. */
export function HeatTable({ title, cells, height }: HeatTableProps) {
  const rows = cells
    .filter((cell) => cell !== undefined)
    .sort((a, b) => b.date.localeCompare(a.date) || b.hour - a.hour)
  return (
    // A region that scrolls must be reachable by keyboard.
    <div className={tables.tableBox} style={{ height }} tabIndex={0} role="group" aria-label={`${title} as a table`}>
      <table className={tables.table}>
        <thead>
          <tr>
            {['Hour', 'Requests', 'Usual', 'Errors', 'Error rate', 'Average latency'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cell) => {
            const latency = valueOf(cell, 'latency')
            return (
              <tr key={`${cell.date} ${cell.hour}`}>
                <th scope="row">
                  {DAY_NAMES[cell.day]} {cell.date}, {String(cell.hour).padStart(2, '0')}:00
                </th>
                <td>{count(cell.requests)}</td>
                <td>{cell.usual === null ? UNKNOWN : count(cell.usual)}</td>
                <td>{count(cell.errors)}</td>
                <td>{share(valueOf(cell, 'errors'))}</td>
                <td>{latency === null ? UNKNOWN : text(milliseconds(latency))}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
