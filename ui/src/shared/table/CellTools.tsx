import { Check, Copy, Filter, FilterX } from 'lucide-react'
import { useClipboard } from '@mantine/hooks'
import { useFilterOut } from '@/shared/data/useFilterOut'
import { useViewActions } from '@/shared/view/useView'
import type { Dimension } from '@/shared/view/view'
import styles from './cells.module.css'

interface CellToolsProps {
  readonly dimension: Dimension
  readonly value: string
  /** Offer to see everything but it; for dimensions with few values. */
  readonly out?: boolean
  readonly copy?: boolean
}

/** What can be done with the value of a cell: shown on hover and on focus. */
export function CellTools({ dimension, value, out = false, copy = false }: CellToolsProps) {
  const { toggle } = useViewActions()
  const filterOut = useFilterOut()
  const clipboard = useClipboard({ timeout: 1500 })
  return (
    <span className={styles.tools}>
      <button
        type="button"
        onClick={() => toggle(dimension, value)}
        aria-label={`Filter for ${value}`}
        title="Filter for"
      >
        <Filter size={12} />
      </button>
      {out && (
        <button
          type="button"
          onClick={() => void filterOut(dimension, value)}
          aria-label={`Filter out ${value}`}
          title="Filter out"
        >
          <FilterX size={12} />
        </button>
      )}
      {copy && (
        <button type="button" onClick={() => clipboard.copy(value)} aria-label={`Copy ${value}`} title="Copy">
          {clipboard.copied ? <Check size={12} /> : <Copy size={12} />}
        </button>
      )}
    </span>
  )
}
