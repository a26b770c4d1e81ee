import { useMemo, useState } from 'react'
import type { EndpointClients as Data } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { count, quantity } from '@/shared/format/numbers'
import { period } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import type { Sort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { Fallback } from '@/shared/ui/Fallback'
import { PageLink } from '@/shared/ui/PageLink'
import { Panel } from '@/shared/ui/Panel'
import { clientColumns } from './clientColumns'
import { completeness, lowerBounds } from './known'
import styles from './endpoints.module.css'

const MOST_ROWS = 500
const HEIGHT = 420
const OVERFLOW = '__overflow__'

interface EndpointClientsProps {
  readonly path: string
  /** The page is about one method; clients are kept by path alone. */
  readonly byMethod: boolean
  readonly className?: string | undefined
}

/** Who asks the endpoint: exactly, or between bounds where a client asked more endpoints than are kept of it. */
export function EndpointClients({ path, ...panel }: EndpointClientsProps) {
  if (path !== OVERFLOW) return <Known {...panel} />
  return (
    <Panel title="Clients" className={panel.className} flush>
      <p className={styles.known}>This stands for all endpoints past a cap. Who asked those is not known apart.</p>
    </Panel>
  )
}

function Known({ byMethod, className }: Omit<EndpointClientsProps, 'path'>) {
  const outcome = useReport('endpoints/clients', { limit: MOST_ROWS })
  const { data } = outcome
  const cut = data !== undefined && data.clients.length < data.unique_clients
  return (
    <Panel
      title={data === undefined ? 'Clients' : quantity(data.unique_clients, 'client')}
      hint={cut ? `the ${count(data.clients.length)} with the most requests` : undefined}
      className={className}
      stale={outcome.isPlaceholderData}
      flush
      actions={
        <PageLink to="/clients" className="more">
          All clients
        </PageLink>
      }
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {(found) => <List data={found} byMethod={byMethod} />}
      </Fallback>
    </Panel>
  )
}

function List({ data, byMethod }: { data: Data; byMethod: boolean }) {
  const zone = useZone()
  const [sort, setSort] = useState<Sort>({ id: 'request_count', descending: true })
  const { clients, meta } = data
  const columns = useMemo(() => clientColumns(clients, zone), [clients, zone])
  const hours = `Counted in whole hours, ${period(meta.start_time, meta.end_time, zone)}`
  const sentences = [completeness(data), lowerBounds(clients), `${hours}${byMethod ? ', by any method' : ''}.`]
  return (
    <>
      <p className={styles.known}>
        {[...sentences, ...meta.warnings.map((warning) => `Note: ${warning}.`)].filter(Boolean).join(' ')}
      </p>
      <DataTable
        label="Clients of the endpoint"
        columns={columns}
        rows={clients}
        rowKey={(row) => row.client_ip}
        sort={sort}
        onSort={setSort}
        maxHeight={`${HEIGHT}px`}
        empty="No client is known to have asked this endpoint in this window"
      />
    </>
  )
}
