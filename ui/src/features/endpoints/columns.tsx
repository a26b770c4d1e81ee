import type { EndpointRow } from '@/shared/api/reports'
import { bytes, percent, text } from '@/shared/format/numbers'
import { CellTools } from '@/shared/table/CellTools'
import type { Column } from '@/shared/table/columns'
import { LatencyCell } from '@/shared/table/LatencyCell'
import { ShareCell } from '@/shared/table/ShareCell'
import { EndpointLink } from '@/shared/ui/EndpointLink'
import { ErrorRate } from '@/shared/ui/ErrorRate'
import { Sparkline } from '@/shared/ui/Sparkline'
import styles from './endpoints.module.css'

type LatencyKey = 'avg_latency_ms' | 'p50_latency_ms' | 'p95_latency_ms' | 'p99_latency_ms'

function latency(id: LatencyKey, title: string, hint: string, phone = false): Column<EndpointRow> {
  return {
    id,
    title,
    hint,
    figure: true,
    width: '86px',
    phone,
    value: (row) => (row.latency_count > 0 ? row[id] : null),
    cell: (row) => <LatencyCell value={row[id]} known={row.latency_count > 0} />,
  }
}

function volume(id: 'bytes_sent' | 'bytes_received', title: string, hint: string): Column<EndpointRow> {
  return {
    id,
    title,
    hint,
    figure: true,
    width: '80px',
    value: (row) => row[id],
    cell: (row) => text(bytes(row[id])),
  }
}

const NAME: Column<EndpointRow> = {
  id: 'endpoint',
  title: 'Endpoint',
  phone: 'line',
  value: (row) => row.endpoint,
  cell: (row) => (
    <>
      <EndpointLink {...row} />
      <CellTools dimension="endpoint" value={row.endpoint} copy />
    </>
  ),
}

const PROTOCOL: Column<EndpointRow> = {
  id: 'protocol',
  title: 'Protocol',
  width: '88px',
  value: (row) => row.protocol,
  cell: (row) => (
    <>
      {row.protocol}
      <CellTools dimension="protocol" value={row.protocol} out />
    </>
  ),
}

/** The course of the requests; in a window that ends now, without the bucket that still fills: it would look like a fall. */
function trend(row: EndpointRow, moving: boolean): readonly number[] {
  const values = row.trend ?? []
  return moving ? values.slice(0, -1) : values
}

const course = (moving: boolean): Column<EndpointRow> => ({
  id: 'trend',
  title: 'Trend',
  hint: 'Requests over the window',
  width: '84px',
  sortable: false,
  value: () => null,
  cell: (row) =>
    row.trend === null ? null : <Sparkline values={trend(row, moving)} height={22} className={styles.trend} />,
})

/** The columns of the list; `widest` is the largest share in it, `moving` says that the window ends now. */
export function endpointColumns(widest: number, moving: boolean): Column<EndpointRow>[] {
  return [
    NAME,
    PROTOCOL,
    course(moving),
    {
      id: 'total_requests',
      title: 'Requests',
      figure: true,
      phone: true,
      width: '100px',
      value: (row) => row.total_requests,
      cell: (row) => <ShareCell value={row.total_requests} share={row.share} widest={widest} />,
    },
    {
      id: 'share',
      title: 'Share',
      hint: 'Part of all requests in the window',
      figure: true,
      width: '64px',
      value: (row) => row.share,
      cell: (row) => text(percent(row.share, 1)),
    },
    {
      id: 'error_rate',
      title: 'Error rate',
      figure: true,
      width: '96px',
      value: (row) => row.error_rate,
      cell: (row) => <ErrorRate value={row.error_rate} />,
    },
    latency('avg_latency_ms', 'Average', 'Mean of the known latencies'),
    latency('p50_latency_ms', 'P50', 'Half of the requests took at most this long'),
    latency('p95_latency_ms', 'P95', '95% of the requests took at most this long', true),
    latency('p99_latency_ms', 'P99', '99% of the requests took at most this long'),
    volume('bytes_sent', 'Sent', 'Bytes sent to clients'),
    volume('bytes_received', 'Received', 'Bytes received from clients'),
  ]
}
