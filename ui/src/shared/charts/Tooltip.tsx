import { fixed } from '@/shared/format/numbers'
import { length, period } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { exactly, isFilling, type Ghost, type Series, type TimeModel, type Unit } from './model'
import styles from './charts.module.css'

interface TooltipProps {
  readonly model: TimeModel
  readonly index: number
  readonly unit: Unit
  readonly stacked: boolean
  readonly hidden: ReadonlySet<string>
  /** The pointer is on this chart: it tells everything; the others only their values. */
  readonly own: boolean
  readonly side: 'left' | 'right'
  readonly x: number
}

interface Row {
  readonly series: Series
  readonly value: number
}

const GAP = 14
const BRIEF_ROWS = 4

function rowsAt(model: TimeModel, index: number, hidden: ReadonlySet<string>): Row[] {
  return model.series
    .filter((series) => !hidden.has(series.label))
    .flatMap((series) => {
      const value = series.values[index] ?? null
      return value === null ? [] : [{ series, value }]
    })
    .sort((a, b) => b.value - a.value)
}

function GhostRow({ ghost, index, width, unit }: { ghost: Ghost; index: number; width: number; unit: Unit }) {
  const zone = useZone()
  const value = ghost.values[index] ?? null
  const start = ghost.times[index]
  if (value === null || start === undefined) return null
  return (
    <div className={styles.tipGhost}>
      <span className={styles.tipDash} />
      <span>{period(start, start + width, zone)}</span>
      <b>{exactly(value, unit)}</b>
    </div>
  )
}

export function Tooltip(props: TooltipProps) {
  const { model, index, unit, stacked, hidden, own, side, x } = props
  const rows = rowsAt(model, index, hidden)
  const total = rows.reduce((sum, row) => sum + row.value, 0)
  const shown = own ? rows : rows.slice(0, BRIEF_ROWS)
  const place = side === 'left' ? { right: `calc(100% - ${x - GAP}px)` } : { left: x + GAP }
  const shares = own && stacked && rows.length > 1 && total > 0
  return (
    <div className={styles.tip} style={place} data-own={own || undefined} aria-hidden="true">
      {own && <TipHead model={model} index={index} />}
      {shown.map(({ series, value }) => (
        <div key={series.label} className={styles.tipRow}>
          <span className={styles.swatch} style={{ background: series.colour }} />
          <span className={styles.tipLabel}>{series.label}</span>
          <b>{exactly(value, unit)}</b>
          {shares && <span className={styles.tipShare}>{fixed((100 * value) / total, 1)}%</span>}
        </div>
      ))}
      {rows.length === 0 && <div className={styles.tipNone}>no data</div>}
      {shares && (
        <div className={styles.tipTotal}>
          <span>Total</span>
          <b>{exactly(total, unit)}</b>
        </div>
      )}
      {own && model.ghost !== undefined && (
        <GhostRow ghost={model.ghost} index={index} width={model.bucketSeconds} unit={unit} />
      )}
    </div>
  )
}

function TipHead({ model, index }: { model: TimeModel; index: number }) {
  const zone = useZone()
  const start = model.times[index] ?? 0
  return (
    <div className={styles.tipHead}>
      <b>{period(start, start + model.bucketSeconds, zone)}</b>
      <span>{isFilling(model, index) ? 'still filling' : `per ${length(model.bucketSeconds)}`}</span>
    </div>
  )
}
