import { TextInput } from '@mantine/core'
import { useDebouncedCallback, useWindowEvent } from '@mantine/hooks'
import { Search } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import type { EndpointRow } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { quantity } from '@/shared/format/numbers'
import { writeSort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { useTableSearch } from '@/shared/table/useTableSearch'
import { FOCUS_SEARCH } from '@/shared/ui/events'
import { Fallback } from '@/shared/ui/Fallback'
import { Heading } from '@/shared/ui/Heading'
import { Panel } from '@/shared/ui/Panel'
import { useOpenEndpoint } from '@/shared/view/useOpenEndpoint'
import { useView } from '@/shared/view/useView'
import { isMoving } from '@/shared/view/view'
import { endpointColumns } from './columns'
import styles from './endpoints.module.css'

const MOST_ROWS = 2000
const TYPING_MS = 180
const HEIGHT = 640
/** A device that hovers has a keyboard. */
const KEYS = !window.matchMedia('(hover: none)').matches

function rowKey(row: EndpointRow): string {
  return `${row.protocol} ${row.method ?? ''} ${row.endpoint}`
}

/** All endpoints, to be searched and sorted. */
export function EndpointsPage() {
  const { q, sort, setSort, setSearch } = useTableSearch({ id: 'total_requests', descending: true })
  const outcome = useReport('endpoints', { search: q, order: writeSort(sort), trend: true, limit: MOST_ROWS })
  const view = useView()
  const open = useOpenEndpoint()
  const rows = outcome.data?.endpoints
  const moving = isMoving(view.range)
  const columns = useMemo(
    () => endpointColumns(Math.max(0, ...(rows ?? []).map((row) => row.share)), moving),
    [rows, moving],
  )
  const total = outcome.data?.endpoint_count
  const cut = total !== undefined && rows !== undefined && total > rows.length
  return (
    <>
      <Heading title="Endpoints" hint="Where the requests go. A click on a name shows one of them alone." />
      <Panel
        title={total === undefined ? 'Endpoints' : quantity(total, 'endpoint')}
        hint={cut ? `the first ${rows.length} in this order` : undefined}
        stale={outcome.isPlaceholderData}
        actions={<SearchField value={q ?? ''} onSearch={setSearch} />}
        flush
      >
        <Fallback outcome={outcome} height={HEIGHT}>
          {(data) => (
            <DataTable
              label="Endpoints"
              columns={columns}
              rows={data.endpoints}
              rowKey={rowKey}
              sort={sort}
              onSort={setSort}
              onOpen={open}
              maxHeight="max(360px, calc(100vh - 250px))"
              empty={q === undefined ? 'No requests in this window' : `No endpoint holds “${q}”`}
            />
          )}
        </Fallback>
      </Panel>
    </>
  )
}

function SearchField({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(value)
  const search = useDebouncedCallback(onSearch, TYPING_MS)
  useWindowEvent(FOCUS_SEARCH, () => field.current?.focus())
  return (
    <TextInput
      ref={field}
      size="xs"
      className={styles.search}
      type="search"
      placeholder={KEYS ? 'Search endpoints ( / )' : 'Search endpoints'}
      aria-label="Search endpoints"
      leftSection={<Search size={13} />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        search(event.currentTarget.value.trim())
      }}
    />
  )
}
