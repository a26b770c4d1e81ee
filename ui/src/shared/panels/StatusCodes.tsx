import type { StatusRow } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { Bars, type Bar } from '@/shared/ui/Bars'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { statusText } from '@/shared/format/status'
import { useScope, useViewActions } from '@/shared/view/useView'
import { NONE } from '@/shared/view/view'

const SHOWN = 5
const HEIGHT = 149

/** Requests by status code; click to see one alone. */
export function StatusCodes() {
  const outcome = useReport('status-codes')
  const { toggle } = useViewActions()
  const { filters } = useScope()
  const scheme = useScheme()
  const toBar = (row: StatusRow): Bar => {
    const code = row.status_code === null ? NONE : String(row.status_code)
    const name = row.status_code === null ? 'No status' : code
    return {
      key: code,
      name: `status ${name}`,
      label: name,
      note: row.status_code === null ? undefined : statusText(row.status_code),
      colour: colourOf('status', code, scheme),
      value: row.request_count,
      share: row.share,
    }
  }
  return (
    <Panel title="Status codes" stale={outcome.isPlaceholderData} flush>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ status_codes }) => (
          <Bars
            bars={status_codes.slice(0, SHOWN).map(toBar)}
            active={filters.status_code}
            onPick={(code) => toggle('status_code', code)}
            empty="No requests in this window"
          />
        )}
      </Fallback>
      <div style={{ height: 8 }} />
    </Panel>
  )
}
