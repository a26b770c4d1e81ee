import { bucketAt, type TimeModel, type Unit } from './model'
import { Tooltip } from './Tooltip'
import { toPixel, type Area } from './usePlot'
import { useCrosshair } from './useCrosshair'
import styles from './charts.module.css'

interface CrosshairProps {
  readonly model: TimeModel
  readonly area: Area
  readonly owner: string
  readonly unit: Unit
  readonly stacked: boolean
  readonly hidden: ReadonlySet<string>
}

/** The line through the pointed bucket, on every chart, and what each of them says there. */
export function Crosshair({ model, area, owner, unit, stacked, hidden }: CrosshairProps) {
  const pointed = useCrosshair()
  const index = pointed === null ? -1 : bucketAt(model, pointed.at)
  const start = model.times[index]
  if (pointed === null || start === undefined) return null
  const x = Math.min(area.right, Math.max(area.left, toPixel(model, area, start + model.bucketSeconds / 2)))
  return (
    <>
      <div
        className={styles.crosshair}
        style={{ left: x, top: area.top, height: area.bottom - area.top }}
        aria-hidden="true"
      />
      <Tooltip
        model={model}
        index={index}
        unit={unit}
        stacked={stacked}
        hidden={hidden}
        own={pointed.owner === owner}
        side={x > (area.left + area.right) / 2 ? 'left' : 'right'}
        x={x}
      />
    </>
  )
}
