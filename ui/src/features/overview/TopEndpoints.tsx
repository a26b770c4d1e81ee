import { useMemo, useState } from 'react'
import type { TopEndpoint } from '@/shared/api/reports'
import { useOverview } from '@/shared/data/useFigures'
import { CellTools } from '@/shared/table/CellTools'
import type { Column, Sort } from '@/shared/table/columns'
import { ShortTable } from '@/shared/table/ShortTable'
import { LatencyCell } from '@/shared/table/LatencyCell'
import { ShareCell } from '@/shared/table/ShareCell'
import { bytes, percent, text } from '@/shared/format/numbers'
import { EndpointLink } from '@/shared/ui/EndpointLink'
import { ErrorRate } from '@/shared/ui/ErrorRate'
import { Fallback } from '@/shared/ui/Fallback'
import { PageLink } from '@/shared/ui/PageLink'
import { Panel } from '@/shared/ui/Panel'
import { useOpenEndpoint } from '@/shared/view/useOpenEndpoint'

const HEIGHT = 354

function columns(widest: number): Column<TopEndpoint>[] {
  return [
    {
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
    },
    {
      id: 'request_count',
      title: 'Requests',
      figure: true,
      phone: true,
      width: '104px',
      value: (row) => row.request_count,
      cell: (row) => <ShareCell value={row.request_count} share={row.share} widest={widest} />,
    },
    {
      id: 'share',
      title: 'Share',
      figure: true,
      width: '64px',
      value: (row) => row.share,
      cell: (row) => text(percent(row.share, 1)),
    },
    {
      id: 'error_rate',
      title: 'Errors',
      figure: true,
      phone: true,
      width: '96px',
      value: (row) => row.error_rate,
      cell: (row) => <ErrorRate value={row.error_rate} />,
    },
    {
      id: 'p50',
      title: 'P50',
      figure: true,
      width: '80px',
      value: (row) => known(row, row.p50_latency_ms),
      cell: (row) => <LatencyCell value={row.p50_latency_ms} known={row.latency_count > 0} />,
    },
    {
      id: 'p95',
      title: 'P95',
      figure: true,
      width: '80px',
      value: (row) => known(row, row.p95_latency_ms),
      cell: (row) => <LatencyCell value={row.p95_latency_ms} known={row.latency_count > 0} />,
    },
    {
      id: 'bytes',
      title: 'Sent',
      figure: true,
      width: '80px',
      value: (row) => row.bytes_sent,
      cell: (row) => text(bytes(row.bytes_sent)),
    },
  ]
}

function known(row: TopEndpoint, value: number): number | null {
  return row.latency_count > 0 ? value : null
}

function rowKey(row: TopEndpoint): string {
  return `${row.protocol} ${row.method ?? ''} ${row.endpoint}`
}

/** The endpoints with the most requests. */
export function TopEndpoints({ className }: { className?: string | undefined }) {
  const outcome = useOverview()
  const open = useOpenEndpoint()
  const [sort, setSort] = useState<Sort>({ id: 'request_count', descending: true })
  const rows = outcome.data?.top_endpoints
  const definitions = useMemo(() => columns(Math.max(0, ...(rows ?? []).map((row) => row.share))), [rows])
  return (
    <Panel
      title="Top endpoints"
      hint="by requests"
      className={className}
      stale={outcome.isPlaceholderData}
      flush
      actions={
        <>
          <PageLink to="/endpoints" sort="p95_latency_ms:desc" className="more">
            Slowest
          </PageLink>
          <PageLink to="/endpoints" sort="error_rate:desc" className="more">
            Most failing
          </PageLink>
          <PageLink to="/endpoints" className="more">
            All endpoints
          </PageLink>
        </>
      }
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {(data) => (
          <ShortTable
            label="Top endpoints"
            columns={definitions}
            rows={data.top_endpoints}
            rowKey={rowKey}
            sort={sort}
            onSort={setSort}
            onOpen={open}
            empty="No requests in this window"
          />
        )}
      </Fallback>
    </Panel>
  )
}
