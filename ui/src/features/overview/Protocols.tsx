import type { ProtocolRow } from '@/shared/api/reports'
import { useFilterOut } from '@/shared/data/useFilterOut'
import { useComparison, useReport } from '@/shared/data/useReport'
import { percent, text } from '@/shared/format/numbers'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { Bars, type Bar } from '@/shared/ui/Bars'
import { change } from '@/shared/ui/change'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useScope, useViewActions } from '@/shared/view/useView'
import { against } from '@/shared/view/words'

const SHOWN = 5
const HEIGHT = 149

/** Requests by protocol; click to see one alone. */
export function Protocols() {
  const outcome = useReport('protocols')
  const { toggle } = useViewActions()
  const view = useScope()
  const filterOut = useFilterOut()
  const { data: earlier } = useComparison('protocols')
  const scheme = useScheme()
  const before = (protocol: string): number | null => {
    if (earlier === undefined || earlier.protocols.length === 0) return null
    return earlier.protocols.find((row) => row.protocol === protocol)?.request_count ?? 0
  }
  const toBar = (row: ProtocolRow): Bar => ({
    key: row.protocol,
    name: row.protocol,
    label: row.protocol,
    note: row.error_count > 0 ? `${text(percent(row.error_rate))} errors` : undefined,
    colour: colourOf('protocol', row.protocol, scheme),
    value: row.request_count,
    share: row.share,
    change: change(row.request_count, before(row.protocol), 'neither'),
  })
  return (
    <Panel title="Protocols" stale={outcome.isPlaceholderData} flush>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ protocols }) => (
          <Bars
            bars={protocols.slice(0, SHOWN).map(toBar)}
            active={view.filters.protocol}
            onPick={(protocol) => toggle('protocol', protocol)}
            onDrop={(key) => void filterOut('protocol', key)}
            against={earlier === undefined ? undefined : against(view)}
            empty="No requests in this window"
          />
        )}
      </Fallback>
      <div style={{ height: 8 }} />
    </Panel>
  )
}
