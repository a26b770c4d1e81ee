import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { ErrorEvent } from '@/shared/api/reports'
import { useClient } from '@/shared/api/context'
import { acceptedFilters } from '@/shared/data/accepted'
import { FOLLOWS } from '@/shared/data/useFollow'
import { useZone } from '@/shared/format/zone'
import { useRefreshInterval } from '@/shared/live/useLive'
import type { Sort } from '@/shared/table/columns'
import { DataTable } from '@/shared/table/DataTable'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useScope } from '@/shared/view/useView'
import { windowParams } from '@/shared/view/window'
import { EventDetail } from './EventDetail'
import { eventColumns } from './eventColumns'
import styles from './errors.module.css'

const PAGE = 50
const HEIGHT = 420

function useEvents() {
  const client = useClient()
  const view = useScope()
  const interval = useRefreshInterval()
  const params = { ...windowParams(view.range), ...acceptedFilters('errors/events', view.filters), limit: PAGE }
  return useInfiniteQuery({
    queryKey: ['errors/events', 'pages', params],
    queryFn: ({ pageParam, signal }) =>
      client.get('errors/events', { ...params, ...(pageParam === null ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    // Pages further down would shift under the reader: only a list at its top follows.
    refetchInterval: ({ state }) => (state.data === undefined || state.data.pages.length === 1 ? interval : false),
    placeholderData: keepPreviousData,
    meta: FOLLOWS,
  })
}

function rowKey(event: ErrorEvent): string {
  return String(event.id)
}

/** Single errors, newest first. */
export function Events() {
  const zone = useZone()
  const query = useEvents()
  const [open, setOpen] = useState<ErrorEvent | null>(null)
  const [sort, setSort] = useState<Sort>({ id: 'time', descending: true })
  const columns = useMemo(() => eventColumns(zone, setOpen), [zone])
  const events = useMemo(() => query.data?.pages.flatMap((page) => page.events), [query.data])
  const outcome = {
    data: events,
    error: query.error,
    isPlaceholderData: query.isPlaceholderData,
    refetch: query.refetch,
  }
  return (
    <Panel
      title="Single errors"
      hint="a sample: at most ten a minute for each endpoint and type"
      stale={query.isPlaceholderData}
      flush
    >
      <Fallback outcome={outcome} height={HEIGHT}>
        {(rows) => (
          <>
            <DataTable
              label="Single errors"
              columns={columns}
              rows={rows}
              rowKey={rowKey}
              sort={sort}
              onSort={setSort}
              onOpen={setOpen}
              maxHeight="600px"
              empty="No errors in the selected time range"
            />
            {query.hasNextPage && (
              <div className={styles.more}>
                {rows.length} shown
                <Button
                  variant="default"
                  size="xs"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show more
                </Button>
              </div>
            )}
          </>
        )}
      </Fallback>
      <EventDetail event={open} onClose={() => setOpen(null)} />
    </Panel>
  )
}
