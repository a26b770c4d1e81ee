import { ArrowDownToLine, ArrowUpFromLine, Mountain, Plug, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { Peak, Peaks } from '@/shared/api/reports'
import { useReport } from '@/shared/data/useReport'
import { bytes, count, rate, UNKNOWN, type Figure } from '@/shared/format/numbers'
import { length } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { Fallback } from '@/shared/ui/Fallback'
import { useZoom } from '@/shared/view/useZoom'
import { moment } from '@/shared/view/words'
import styles from './traffic.module.css'

const HEIGHT = 84
/** Buckets of room on both sides of a peak when it is opened. */
const ROOM = 20

interface Kind {
  readonly key: 'requests' | 'errors' | 'bytes_sent' | 'bytes_received'
  readonly label: string
  readonly icon: LucideIcon
  readonly figure: (perSecond: number) => Figure
}

function volume(perSecond: number): Figure {
  const figure = bytes(perSecond)
  return { value: figure.value, unit: `${figure.unit}/s` }
}

const KINDS: readonly Kind[] = [
  { key: 'requests', label: 'Most requests', icon: Mountain, figure: rate },
  { key: 'errors', label: 'Most errors', icon: TriangleAlert, figure: rate },
  { key: 'bytes_sent', label: 'Most sent', icon: ArrowUpFromLine, figure: volume },
  { key: 'bytes_received', label: 'Most received', icon: ArrowDownToLine, figure: volume },
]

/** The busiest moments of the window; a click goes to one. */
export function PeakCards() {
  const outcome = useReport('peaks')
  return (
    <section className={styles.peaks} aria-label="Peaks">
      <Fallback outcome={outcome} height={HEIGHT}>
        {(peaks: Peaks) => (
          <div className={styles.cards}>
            {KINDS.map((kind) => (
              <PeakCard key={kind.key} kind={kind} peak={peaks[kind.key]} />
            ))}
            <div className={styles.card}>
              <span className={styles.label}>
                <Plug size={13} aria-hidden="true" />
                Most connections
              </span>
              <b>{peaks.active_connections === null ? UNKNOWN : count(peaks.active_connections)}</b>
              <span className={styles.when}>open at once</span>
            </div>
          </div>
        )}
      </Fallback>
    </section>
  )
}

function PeakCard({ kind, peak }: { kind: Kind; peak: Peak | null }) {
  const zone = useZone()
  const zoom = useZoom()
  const figure = peak === null ? { value: UNKNOWN, unit: '' } : kind.figure(peak.rate)
  const open = (): void => {
    if (peak !== null) zoom.to(peak.start - ROOM * peak.seconds, peak.start + (ROOM + 1) * peak.seconds)
  }
  return (
    <button type="button" className={styles.card} disabled={peak === null} onClick={open} title="Show this time">
      <span className={styles.label}>
        <kind.icon size={13} aria-hidden="true" />
        {kind.label}
      </span>
      <b>
        {figure.value} <small>{figure.unit}</small>
      </b>
      <span className={styles.when}>
        {peak === null ? (
          'none in this window'
        ) : (
          <>
            <span>{moment(peak.start, zone)},</span> <span>over {length(peak.seconds)}</span>
          </>
        )}
      </span>
    </button>
  )
}
