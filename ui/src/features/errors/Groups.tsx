import { useMemo, useState } from 'react'
import type { ErrorGroup } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { percent, quantity, text } from '@/shared/format/numbers'
import { useZone } from '@/shared/format/zone'
import type { Zone } from '@/shared/format/time'
import type { Column, Sort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { ShareCell } from '@/shared/table/ShareCell'
import { Category } from '@/shared/ui/Category'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useViewActions } from '@/shared/view/useView'
import { moment, pathName, spaced } from '@/shared/view/words'
import styles from './errors.module.css'

const HEIGHT = 420
const MOST_ROWS = 1000

function columns(widest: number, zone: Zone, pick: (type: string) => void): Column<ErrorGroup>[] {
  return [
    {
      id: 'error_type',
      title: 'Error',
      width: '220px',
      phone: true,
      value: (row) => row.error_type,
      cell: (row) => (
        <button type="button" className={styles.name} onClick={() => pick(row.error_type)} title="Show only this error">
          {spaced(row.error_type)}
        </button>
      ),
    },
    {
      id: 'error_category',
      title: 'Category',
      width: '160px',
      value: (row) => row.error_category,
      cell: (row) => <Category name={row.error_category} />,
    },
    {
      id: 'count',
      title: 'Errors',
      figure: true,
      phone: true,
      width: '120px',
      value: (row) => row.count,
      cell: (row) => <ShareCell value={row.count} share={row.share} widest={widest} />,
    },
    {
      id: 'share',
      title: 'Share',
      figure: true,
      width: '76px',
      value: (row) => row.share,
      cell: (row) => text(percent(row.share, 1)),
    },
    {
      id: 'endpoint_count',
      title: 'Endpoints',
      value: (row) => row.endpoint_count,
      cell: (row) => (
        <span className={styles.where} title={row.endpoints.join('\n')}>
          <b>{row.endpoint_count}</b>: {row.endpoints.map(pathName).join(', ')}
        </span>
      ),
    },
    {
      id: 'last',
      title: 'Last seen',
      figure: true,
      width: '130px',
      value: (row) => Date.parse(row.last_occurrence),
      cell: (row) => moment(Date.parse(row.last_occurrence) / 1000, zone),
    },
  ]
}

function rowKey(row: ErrorGroup): string {
  return `${row.error_type} ${row.error_category}`
}

/** Errors by type and category. */
export function Groups() {
  const zone = useZone()
  const { toggle } = useViewActions()
  const outcome = useReport('errors', { limit: MOST_ROWS })
  const [sort, setSort] = useState<Sort>({ id: 'count', descending: true })
  const rows = outcome.data?.errors
  const definitions = useMemo(
    () => columns(Math.max(0, ...(rows ?? []).map((row) => row.share)), zone, (type) => toggle('error_type', type)),
    [rows, zone, toggle],
  )
  const total = outcome.data?.total_errors
  return (
    <Panel
      title="By type"
      hint={total === undefined ? '' : quantity(total, 'error')}
      stale={outcome.isPlaceholderData}
      flush
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {(data) => (
          <DataTable
            label="Errors by type"
            columns={definitions}
            rows={data.errors}
            rowKey={rowKey}
            sort={sort}
            onSort={setSort}
            maxHeight="420px"
            empty="No errors in the selected time range"
          />
        )}
      </Fallback>
    </Panel>
  )
}
