import type { MouseEvent } from 'react'
import type { Series } from './model'
import styles from './charts.module.css'

interface LegendProps {
  readonly series: readonly Series[]
  readonly hidden: ReadonlySet<string>
  readonly onChange: (hidden: ReadonlySet<string>) => void
}

function isolated(series: readonly Series[], hidden: ReadonlySet<string>, label: string): ReadonlySet<string> {
  const alone = !hidden.has(label) && hidden.size === series.length - 1
  return new Set(alone ? [] : series.map((item) => item.label).filter((item) => item !== label))
}

function flipped(hidden: ReadonlySet<string>, label: string): ReadonlySet<string> {
  const next = new Set(hidden)
  if (!next.delete(label)) next.add(label)
  return next
}

/** Click shows one series alone, and again all of them; with Ctrl, ⌘ or Shift it switches one on or off. */
export function Legend({ series, hidden, onChange }: LegendProps) {
  const click = (event: MouseEvent, label: string): void => {
    const one = event.ctrlKey || event.metaKey || event.shiftKey
    onChange(one ? flipped(hidden, label) : isolated(series, hidden, label))
  }
  return (
    <ul className={styles.legend}>
      {series.map((item) => (
        <li key={item.label}>
          <button
            type="button"
            className={styles.legendItem}
            aria-pressed={!hidden.has(item.label)}
            onClick={(event) => click(event, item.label)}
            title="Click: this one alone. Ctrl or ⌘ click: on or off."
          >
            <span
              className={item.dashed === true ? styles.swatchDashed : styles.swatch}
              style={item.dashed === true ? { borderColor: item.colour } : { background: item.colour }}
            />
            {item.label}
          </button>
        </li>
      ))}
    </ul>
  )
}
