import { useMemo, useState } from 'react'
import type { Status, TierRow } from '@/shared/api/reports'
import { count, UNKNOWN } from '@/shared/format/numbers'
import { length, period, time, type Zone } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import type { Column, Sort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { Panel } from '@/shared/ui/Panel'
import styles from './sources.module.css'

/** What a history tells apart, by the first word of its name. */
const HISTORIES: Readonly<Record<string, string>> = {
  series: 'Endpoints',
  scope: 'Totals',
  error: 'Errors',
  gauge: 'Connections',
  client: 'Clients',
}

function historyName({ name }: TierRow): string {
  return HISTORIES[name.split('_')[0] ?? ''] ?? name
}

function columns(zone: Zone): Column<TierRow>[] {
  const at = (seconds: number | null): string => (seconds === null ? UNKNOWN : time(seconds, 'moment', zone))
  return [
    {
      id: 'name',
      title: 'History',
      phone: true,
      value: historyName,
      cell: (row) => <span title={row.name}>{historyName(row)}</span>,
    },
    {
      id: 'width',
      title: 'Bucket',
      figure: true,
      width: '100px',
      phone: true,
      value: (row) => row.width,
      cell: (row) => length(row.width),
    },
    {
      id: 'kept',
      title: 'Kept for',
      figure: true,
      width: '110px',
      phone: true,
      value: (row) => row.kept_seconds,
      cell: (row) => length(row.kept_seconds),
    },
    {
      id: 'setting',
      title: 'Setting',
      width: '220px',
      value: (row) => row.setting,
      cell: (row) => <code>{row.setting}</code>,
    },
    {
      id: 'rows',
      title: 'Rows',
      figure: true,
      width: '110px',
      value: (row) => row.rows,
      cell: (row) => count(row.rows),
    },
    {
      id: 'oldest',
      title: 'Oldest',
      figure: true,
      width: '140px',
      value: (row) => row.oldest,
      cell: (row) => at(row.oldest),
    },
    {
      id: 'newest',
      title: 'Newest',
      figure: true,
      width: '140px',
      value: (row) => row.newest,
      cell: (row) => at(row.newest),
    },
  ]
}

/** How finely, how far back. */
export function Tiers({ status, className }: { status: Status; className?: string | undefined }) {
  const zone = useZone()
  const [sort, setSort] = useState<Sort>({ id: 'width', descending: false })
  const definitions = useMemo(() => columns(zone), [zone])
  return (
    <Panel title="Storage and retention" hint="finer history is kept for less long" className={className} flush>
      <DataTable
        label="Histories"
        columns={definitions}
        rows={status.tiers}
        rowKey={(row) => row.name}
        sort={sort}
        onSort={setSort}
        empty="No history yet"
      />
      {status.holds.length > 0 && (
        <ul className={styles.reasons} aria-label="Held">
          {status.holds.map((hold) => (
            <li key={hold.id}>
              <b>Held</b> {period(hold.start_time, hold.end_time, zone)} <span>{hold.reason}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
