import { useMemo, useState } from 'react'
import type { SourceRow } from '@/shared/api/reports'
import { count, UNKNOWN } from '@/shared/format/numbers'
import { ago, type Zone } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import type { Column, Sort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { Panel } from '@/shared/ui/Panel'
import { moment } from '@/shared/view/words'
import styles from './sources.module.css'

interface LedgerProps {
  readonly sources: readonly SourceRow[]
  readonly className?: string | undefined
}

/** Silent for longer than this, a source is shown as quiet. */
const QUIET_SECONDS = 300

function figure(
  id: 'received' | 'stored' | 'deduplicated' | 'rejected' | 'overflowed',
  title: string,
  hint: string,
): Column<SourceRow> {
  return {
    id,
    title,
    hint,
    figure: true,
    width: '112px',
    phone: id === 'stored',
    value: (row) => row[id],
    cell: (row) => (
      <span className={id === 'rejected' && row.rejected > 0 ? styles.warn : undefined}>{count(row[id])}</span>
    ),
  }
}

function columns(zone: Zone): Column<SourceRow>[] {
  return [
    {
      id: 'source',
      title: 'Source',
      phone: true,
      value: (row) => row.source,
      cell: (row) => {
        const quiet = row.lag_seconds === null || row.lag_seconds > QUIET_SECONDS
        return (
          <span className={styles.source} title={row.source}>
            <span className={styles.dot} data-quiet={quiet || undefined} />
            {row.source}
          </span>
        )
      },
    },
    {
      id: 'lag',
      title: 'Newest',
      hint: 'When something last came from it, to the minute',
      width: '190px',
      phone: true,
      value: (row) => row.lag_seconds,
      cell: (row) =>
        row.last === null || row.lag_seconds === null ? (
          UNKNOWN
        ) : (
          <>
            {ago(row.lag_seconds)} <span className={styles.exactly}>({moment(row.last, zone)})</span>
          </>
        ),
    },
    figure('received', 'Received', 'Everything that came in: stored + deduplicated + rejected'),
    figure('stored', 'Stored', 'Counted in the figures'),
    figure('deduplicated', 'Seen before', 'Came twice and is counted once'),
    figure('rejected', 'Refused', 'Could not be read; see below'),
    figure(
      'overflowed',
      'Overflowed',
      'Part of the stored ones that counts as __overflow__, because there were too many names',
    ),
  ]
}

/** What came from where, and what became of it. */
export function Ledger({ sources, className }: LedgerProps) {
  const zone = useZone()
  const [sort, setSort] = useState<Sort>({ id: 'lag', descending: false })
  const definitions = useMemo(() => columns(zone), [zone])
  return (
    <Panel title="Connected sources" hint="received = stored + seen before + refused" className={className} flush>
      <DataTable
        label="Sources"
        columns={definitions}
        rows={sources}
        rowKey={(row) => row.source}
        sort={sort}
        onSort={setSort}
        empty="Nothing has sent anything yet. How to connect something stands below."
      />
    </Panel>
  )
}
