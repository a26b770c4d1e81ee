import type { ProtocolRow } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { percent, text } from '@/shared/format/numbers'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { Bars, type Bar } from '@/shared/ui/Bars'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { useScope, useViewActions } from '@/shared/view/useView'

const SHOWN = 5
const HEIGHT = 149

/** Requests by protocol; click to see one alone. */
export function Protocols() {
  const outcome = useReport('protocols')
  const { toggle } = useViewActions()
  const { filters } = useScope()
  const scheme = useScheme()
  const toBar = (row: ProtocolRow): Bar => ({
    key: row.protocol,
    name: row.protocol,
    label: row.protocol,
    note: row.error_count > 0 ? `${text(percent(row.error_rate))} errors` : undefined,
    colour: colourOf('protocol', row.protocol, scheme),
    value: row.request_count,
    share: row.share,
  })
  return (
    <Panel title="Protocols" stale={outcome.isPlaceholderData} flush>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ protocols }) => (
          <Bars
            bars={protocols.slice(0, SHOWN).map(toBar)}
            active={filters.protocol}
            onPick={(protocol) => toggle('protocol', protocol)}
            empty="No requests in this window"
          />
        )}
      </Fallback>
      <div style={{ height: 8 }} />
    </Panel>
  )
}
