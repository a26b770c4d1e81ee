import type { ErrorEvent } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { Bars, type Bar } from '@/shared/ui/Bars'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'

const SAMPLE = 200
const SHOWN = 6
const HEIGHT = 178

function bars(events: readonly ErrorEvent[]): Bar[] {
  const counts = new Map<string, number>()
  for (const { client_ip: client } of events) if (client !== null) counts.set(client, (counts.get(client) ?? 0) + 1)
  const total = [...counts.values()].reduce((sum, value) => sum + value, 0)
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([client, value]) => ({ key: client, name: client, label: client, value, share: (100 * value) / total }))
}

/** Who got errors here. Requests of single clients are not kept by endpoint; single errors are, as a sample. */
export function ErrorClients() {
  const outcome = useReport('errors/events', { limit: SAMPLE })
  return (
    <Panel title="Clients with errors" hint="in the newest sample" stale={outcome.isPlaceholderData} flush>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ events }) => <Bars bars={bars(events)} empty="No errors with a client in this window" />}
      </Fallback>
    </Panel>
  )
}
