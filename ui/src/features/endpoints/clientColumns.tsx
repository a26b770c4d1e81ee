import type { EndpointClientRow } from '@/shared/api/reports'
import { count, percent, text, UNKNOWN } from '@/shared/format/numbers'
import { time, type Zone } from '@/shared/format/time'
import type { Column } from '@/shared/table/columns'
import { ShareCell } from '@/shared/table/ShareCell'
import { CopyButton } from '@/shared/ui/CopyButton'
import { ClientLink } from './ClientLink'
import { isExact } from './known'
import styles from './endpoints.module.css'

const ADDRESS: Column<EndpointClientRow> = {
  id: 'client_ip',
  title: 'Address',
  width: '300px',
  phone: true,
  value: (row) => row.client_ip,
  cell: ({ client_ip: address }) => (
    <span className={styles.address}>
      <ClientLink address={address} />
      <CopyButton value={address} what={address} />
    </span>
  ),
}

const AGENT: Column<EndpointClientRow> = {
  id: 'agents',
  title: 'Agent',
  hint: 'Families of the agents of these requests, most requests first',
  value: (row) => row.agent_families.join(', '),
  cell: (row) => <span title={row.agent_families.join('\n')}>{row.agent_families.join(', ') || UNKNOWN}</span>,
}

const AT_MOST: Column<EndpointClientRow> = {
  id: 'requests_at_most',
  title: 'At most',
  hint: 'With all requests of the client that may have gone here',
  figure: true,
  width: '84px',
  value: (row) => row.requests_at_most,
  cell: (row) => count(row.requests_at_most),
}

const SHARE: Column<EndpointClientRow> = {
  id: 'share',
  title: 'Share',
  hint: 'Part of all requests to the endpoint',
  figure: true,
  width: '64px',
  value: (row) => row.share,
  cell: (row) => (row.share === null ? UNKNOWN : text(percent(row.share, 1))),
}

function Requests({ row, most }: { row: EndpointClientRow; most: number }) {
  const { request_count: known } = row
  if (isExact(row)) return <ShareCell value={known} share={known} widest={most} />
  const sign = (
    <>
      <span aria-hidden="true">≥ </span>
      <span className="visually-hidden">at least </span>
    </>
  )
  return (
    <span title={`At least ${count(known)}, at most ${count(row.requests_at_most)}`}>
      <ShareCell value={known} share={known} widest={most} sign={sign} />
    </span>
  )
}

/** The columns of the clients `rows` of an endpoint; times are those of `zone`. */
export function clientColumns(rows: readonly EndpointClientRow[], zone: Zone): Column<EndpointClientRow>[] {
  const most = Math.max(0, ...rows.map((row) => row.request_count))
  return [
    ADDRESS,
    AGENT,
    {
      id: 'request_count',
      title: 'Requests',
      figure: true,
      phone: true,
      width: '110px',
      value: (row) => row.request_count,
      cell: (row) => <Requests row={row} most={most} />,
    },
    ...(rows.every(isExact) ? [] : [AT_MOST]),
    SHARE,
    {
      id: 'last_hour',
      title: 'Last hour',
      hint: 'The start of the last hour with a request; clients are kept by the hour',
      figure: true,
      width: '112px',
      value: (row) => row.last_hour,
      cell: (row) => time(row.last_hour, 'moment', zone),
    },
  ]
}
