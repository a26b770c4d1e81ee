import type { ClientRow } from '@/shared/api/reports'
import { bytes, percent, text, UNKNOWN } from '@/shared/format/numbers'
import { CellTools } from '@/shared/table/CellTools'
import type { Column } from '@/shared/table/columns'
import { LatencyCell } from '@/shared/table/LatencyCell'
import { ShareCell } from '@/shared/table/ShareCell'
import { ErrorRate } from '@/shared/ui/ErrorRate'
import styles from './clients.module.css'

/** The columns of the list; `widest` is the largest share in it. */
export function clientColumns(widest: number): Column<ClientRow>[] {
  return [
    {
      id: 'client_ip',
      title: 'Address',
      width: '190px',
      phone: true,
      value: (row) => row.client_ip,
      cell: (row) => (
        <>
          {row.client_ip}
          <CellTools dimension="client_ip" value={row.client_ip} copy />
        </>
      ),
    },
    {
      id: 'agents',
      title: 'Agent',
      width: '190px',
      value: (row) => row.agent_families.join(', '),
      cell: (row) => (
        <span title={row.agent_families.join('\n')}>
          {row.agent_families.join(', ') || UNKNOWN}
          {row.agent_families[0] !== undefined && (
            <CellTools dimension="user_agent_family" value={row.agent_families[0]} />
          )}
        </span>
      ),
    },
    {
      id: 'request_count',
      title: 'Requests',
      figure: true,
      phone: true,
      width: '120px',
      value: (row) => row.request_count,
      cell: (row) => <ShareCell value={row.request_count} share={row.share} widest={widest} />,
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
      id: 'error_rate',
      title: 'Error rate',
      figure: true,
      phone: true,
      width: '100px',
      value: (row) => row.error_rate,
      cell: (row) => <ErrorRate value={row.error_rate} />,
    },
    {
      id: 'avg_latency_ms',
      title: 'Average',
      hint: 'Mean of the known latencies',
      figure: true,
      width: '96px',
      value: (row) => (row.latency_count > 0 ? row.avg_latency_ms : null),
      cell: (row) => <LatencyCell value={row.avg_latency_ms} known={row.latency_count > 0} />,
    },
    {
      id: 'bytes_sent',
      title: 'Sent',
      figure: true,
      width: '96px',
      value: (row) => row.bytes_sent,
      cell: (row) => text(bytes(row.bytes_sent)),
    },
    {
      id: 'endpoints',
      title: 'Top endpoints',
      sortable: false,
      value: () => null,
      cell: (row) => (
        <span className={styles.where} title={row.top_endpoints.join('\n')}>
          {row.top_endpoints.join(', ') || UNKNOWN}
        </span>
      ),
    },
  ]
}
