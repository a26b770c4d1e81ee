import { useQuery } from '@tanstack/react-query'
import { useClient } from '@/shared/api/context'
import { reportQuery } from '@/shared/data/useReport'
import { useStreamState } from '@/shared/live/useLive'
import { Fallback } from '@/shared/ui/Fallback'
import { Heading } from '@/shared/ui/Heading'
import page from '@/shared/ui/Page.module.css'
import { Connect } from './Connect'
import { Ledger } from './Ledger'
import { Rejected } from './Rejected'
import { ServerFacts } from './ServerFacts'
import { Tiers } from './Tiers'

const REFRESH_MS = 5000
const HEIGHT = 600

/** Where the figures come from, what was refused, and how long they are kept. */
export function SourcesPage() {
  const client = useClient()
  const { mode } = useStreamState()
  const outcome = useQuery({
    ...reportQuery(client, 'status', {}),
    refetchInterval: mode === 'paused' ? false : REFRESH_MS,
  })
  return (
    <>
      <div style={{ height: 12 }} />
      <Heading title="Sources" hint="Where the figures come from, and how long they are kept." />
      <Fallback outcome={outcome} height={HEIGHT}>
        {(status) => (
          <div className={page.grid}>
            <Ledger className={page.full} sources={status.sources} />
            <Connect className={page.wide} />
            <div className={page.narrow}>
              <ServerFacts status={status} />
            </div>
            <Rejected className={page.full} sources={status.sources} samples={status.samples} />
            <Tiers className={page.full} status={status} />
          </div>
        )}
      </Fallback>
    </>
  )
}
