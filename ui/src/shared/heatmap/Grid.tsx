import { useRef, useState, type KeyboardEvent } from 'react'
import { DAYS, HOURS, stepOf, valueOf, type Cell, type Metric } from './week'
import { DAY_NAMES, describe } from './words'
import styles from './Heatmap.module.css'

interface GridProps {
  readonly cells: readonly (Cell | undefined)[]
  readonly metric: Metric
  readonly largest: number
  readonly onPick: (cell: Cell) => void
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
}

interface Place {
  readonly day: number
  readonly hour: number
}

/** The week as a grid of hours; arrows move in it, Enter or a click goes to an hour. */
export function Grid({ cells, metric, largest, onPick }: GridProps) {
  const box = useRef<HTMLDivElement>(null)
  const [focus, setFocus] = useState<Place>({ day: 1, hour: 0 })
  const [pointed, setPointed] = useState<Place | null>(null)
  const shown = pointed === null ? undefined : cells[pointed.day * HOURS + pointed.hour]

  const onKeyDown = (event: KeyboardEvent): void => {
    const seen = MOVES[event.key]
    if (seen === undefined) return
    // On a narrow page the week is turned round, and the arrows with it.
    const [days, hours] = window.matchMedia('(max-width: 639px)').matches ? [seen[1], seen[0]] : seen
    event.preventDefault()
    event.stopPropagation()
    const day = Math.min(DAYS - 1, Math.max(0, focus.day + days))
    const hour = Math.min(HOURS - 1, Math.max(0, focus.hour + hours))
    setFocus({ day, hour })
    box.current?.querySelector<HTMLElement>(`[data-slot="${day}-${hour}"]`)?.focus()
  }

  return (
    <div className={styles.scroll}>
      <div
        ref={box}
        className={styles.grid}
        role="grid"
        aria-label="Traffic by weekday and hour"
        onKeyDown={onKeyDown}
        tabIndex={-1}
      >
        <div role="row" className={styles.row}>
          <span role="columnheader" className={styles.corner}>
            <span className="visually-hidden">Day</span>
          </span>
          {Array.from({ length: HOURS }, (_, hour) => (
            <span key={hour} role="columnheader" className={styles.hour} data-third={hour % 3 === 0 || undefined}>
              {hour}
            </span>
          ))}
        </div>
        {DAY_NAMES.map((name, day) => (
          <div key={name} role="row" className={styles.row}>
            <span role="rowheader" className={styles.day}>
              {name}
            </span>
            {Array.from({ length: HOURS }, (_, hour) => {
              const cell = cells[day * HOURS + hour]
              const words = cell === undefined ? undefined : describe(cell)
              return (
                <span key={hour} role="gridcell">
                  <button
                    type="button"
                    className={styles.cell}
                    data-slot={`${day}-${hour}`}
                    data-step={cell === undefined ? undefined : stepOf(valueOf(cell, metric), largest)}
                    tabIndex={focus.day === day && focus.hour === hour ? 0 : -1}
                    aria-label={
                      words === undefined ? `${name} ${hour}:00, no data` : `${words.when}: ${words.what.join(', ')}`
                    }
                    onPointerEnter={() => setPointed({ day, hour })}
                    onPointerLeave={() => setPointed(null)}
                    onFocus={() => {
                      setFocus({ day, hour })
                      setPointed({ day, hour })
                    }}
                    onBlur={() => setPointed(null)}
                    onClick={() => cell !== undefined && onPick(cell)}
                  />
                </span>
              )
            })}
          </div>
        ))}
        {shown !== undefined && pointed !== null && <Tip cell={shown} place={pointed} />}
      </div>
    </div>
  )
}

function Tip({ cell, place }: { cell: Cell; place: Place }) {
  const { when, what } = describe(cell)
  const right = place.hour >= HOURS / 2
  const column = `calc(36px + (100% - 36px) * ${(right ? place.hour : place.hour + 1) / HOURS})`
  const top = `calc(20px + (100% - 20px) * ${place.day / DAYS})`
  const side = right ? { right: `calc(100% - ${column} + 6px)` } : { left: `calc(${column} + 6px)` }
  return (
    <div
      className={styles.tip}
      style={{
        ...side,
        [place.day > DAYS / 2 ? 'bottom' : 'top']: place.day > DAYS / 2 ? `calc(100% - ${top} - 26px)` : top,
      }}
      aria-hidden="true"
    >
      <b>{when}</b>
      {what.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </div>
  )
}
