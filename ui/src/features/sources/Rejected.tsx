import type { RejectedSample, SourceRow } from '@/shared/api/reports'
import { count } from '@/shared/format/numbers'
import { useZone } from '@/shared/format/zone'
import { EmptyState } from '@/shared/ui/EmptyState'
import { Panel } from '@/shared/ui/Panel'
import { moment, spaced } from '@/shared/view/words'
import styles from './sources.module.css'

interface RejectedProps {
  readonly sources: readonly SourceRow[]
  readonly samples: readonly RejectedSample[]
  readonly className?: string | undefined
}

function reasons(sources: readonly SourceRow[]): { key: string; source: string; reason: string; times: number }[] {
  return sources.flatMap(({ source, reasons: found }) =>
    Object.entries(found).map(([reason, times]) => ({
      key: `${source} ${reason}`,
      source,
      reason: spaced(reason),
      times,
    })),
  )
}

/** What could not be read, why, and how it began. */
export function Rejected({ sources, samples, className }: RejectedProps) {
  const zone = useZone()
  const found = reasons(sources)
  return (
    <Panel title="Refused input" hint="not counted in any figure" className={className} flush>
      {found.length === 0 && samples.length === 0 ? (
        <EmptyState title="Nothing was refused" />
      ) : (
        <>
          <ul className={styles.reasons}>
            {found.map(({ key, source, reason, times }) => (
              <li key={key}>
                <b>{count(times)}</b> {reason} <span>from {source}</span>
              </li>
            ))}
          </ul>
          <ul className={styles.samples} aria-label="Samples">
            {samples.map((sample, index) => (
              // Two samples may be equal in everything.
              <li key={`${index} ${sample.received_at}`}>
                <span>
                  {moment(sample.received_at, zone)} · {sample.source}, {sample.place}: {spaced(sample.reason)}
                </span>
                <code>{sample.sample}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
