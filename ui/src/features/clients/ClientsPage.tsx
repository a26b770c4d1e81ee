import { useMemo } from 'react'
import type { ClientRow } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { count, quantity } from '@/shared/format/numbers'
import { DataTable } from '@/shared/table/DataTable'
import { useTableSearch } from '@/shared/table/useTableSearch'
import { Fallback } from '@/shared/ui/Fallback'
import { Heading } from '@/shared/ui/Heading'
import { Panel } from '@/shared/ui/Panel'
import { clientColumns } from './columns'

const MOST_ROWS = 2000
const HEIGHT = 640

function rowKey(row: ClientRow): string {
  return row.client_ip
}

/** Who asks: addresses, what they call themselves, and what they ask for. */
export function ClientsPage() {
  const outcome = useReport('clients', { limit: MOST_ROWS })
  const { sort, setSort } = useTableSearch({ id: 'request_count', descending: true })
  const rows = outcome.data?.clients
  const columns = useMemo(() => clientColumns(Math.max(0, ...(rows ?? []).map((row) => row.share))), [rows])
  const { data } = outcome
  const title =
    data === undefined ? 'Clients' : `${data.approximate ? 'About ' : ''}${quantity(data.unique_clients, 'client')}`
  const cut = data !== undefined && data.clients.length < data.unique_clients
  return (
    <>
      <Heading title="Clients" hint="Who asks, and for what. A client is an address." />
      <Panel
        title={title}
        hint={cut ? `the ${count(data.clients.length)} with the most requests` : undefined}
        stale={outcome.isPlaceholderData}
        flush
      >
        <Fallback outcome={outcome} height={HEIGHT}>
          {({ clients }) => (
            <DataTable
              label="Clients"
              columns={columns}
              rows={clients}
              rowKey={rowKey}
              sort={sort}
              onSort={setSort}
              maxHeight="max(360px, calc(100vh - 250px))"
              empty="No clients in this window. Sources without addresses have none."
            />
          )}
        </Fallback>
      </Panel>
    </>
  )
}
