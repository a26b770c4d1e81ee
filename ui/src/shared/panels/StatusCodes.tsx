import type { StatusRow } from '@/shared/api/reports'
import { useFilterOut } from '@/shared/data/useFilterOut'
import { useComparison, useReport } from '@/shared/data/useReport'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { Bars, type Bar } from '@/shared/ui/Bars'
import { change } from '@/shared/ui/change'
import { Fallback } from '@/shared/ui/Fallback'
import { Panel } from '@/shared/ui/Panel'
import { statusText } from '@/shared/format/status'
import { useScope, useViewActions } from '@/shared/view/useView'
import { against } from '@/shared/view/words'
import { NONE } from '@/shared/view/view'

const ERRORS_FROM = 400
const SHOWN = 5
const HEIGHT = 149

/** Requests by status code; click to see one alone. */
export function StatusCodes() {
  const outcome = useReport('status-codes')
  const { toggle } = useViewActions()
  const view = useScope()
  const filterOut = useFilterOut()
  const { data: earlier } = useComparison('status-codes')
  const scheme = useScheme()
  const before = (status: number | null): number | null => {
    if (earlier === undefined || earlier.total_requests === 0) return null
    return earlier.status_codes.find((row) => row.status_code === status)?.request_count ?? 0
  }
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
      change: change(
        row.request_count,
        before(row.status_code),
        (row.status_code ?? 0) >= ERRORS_FROM ? 'lower' : 'neither',
      ),
    }
  }
  return (
    <Panel title="Status codes" stale={outcome.isPlaceholderData} flush>
      <Fallback outcome={outcome} height={HEIGHT}>
        {({ status_codes }) => (
          <Bars
            bars={status_codes.slice(0, SHOWN).map(toBar)}
            active={view.filters.status_code}
            onPick={(code) => toggle('status_code', code)}
            onDrop={(key) => void filterOut('status_code', key)}
            against={earlier === undefined ? undefined : against(view)}
            empty="No requests in this window"
          />
        )}
      </Fallback>
      <div style={{ height: 8 }} />
    </Panel>
  )
}
