import { Checkbox, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { useClient } from '@/shared/api/context'
import { reportQuery } from '@/shared/data/useReport'
import { compact } from '@/shared/format/numbers'
import { ListBox } from '@/shared/ui/ListBox'
import type { Unfolded } from '@/shared/ui/Unfold'
import { useView, useViewActions } from '@/shared/view/useView'
import { DIMENSIONS, NONE, withFilter, type Dimension } from '@/shared/view/view'
import { valueName } from '@/shared/view/words'
import { viewParams } from '@/shared/view/window'
import styles from './filters.module.css'

const TYPING_MS = 150
const SHOWN = 100
const CLASSES = ['2xx', '3xx', '4xx', '5xx']

interface Option {
  readonly value: string
  readonly count: number | null
}

/** The values seen in the window under all other filters, most frequent first. */
function useOptions(dimension: Dimension, search: string) {
  const client = useClient()
  const view = useView()
  const others = { ...view, filters: withFilter(view.filters, dimension, []) }
  const params = { ...viewParams(others), dimension, search, limit: SHOWN }
  return useQuery({ ...reportQuery(client, 'dimensions', params), placeholderData: keepPreviousData })
}

function merged(dimension: Dimension, chosen: readonly string[], found: readonly Option[], search: string): Option[] {
  const fits = (value: string): boolean => value.toLowerCase().includes(search.toLowerCase())
  const classes = dimension === 'status_code' ? CLASSES.filter(fits).map((value) => ({ value, count: null })) : []
  const known = new Set([...classes, ...found].map((option) => option.value))
  const missing = chosen.filter((value) => !known.has(value) && fits(value)).map((value) => ({ value, count: null }))
  return [...missing, ...classes, ...found]
}

interface ValueListProps extends Unfolded {
  readonly dimension: Dimension
}

/** The values of a dimension, to tick. */
export function ValueList({ dimension, ...unfolded }: ValueListProps) {
  return (
    <ListBox {...unfolded}>
      <Values dimension={dimension} />
    </ListBox>
  )
}

function Values({ dimension }: { dimension: Dimension }) {
  const { filters } = useView()
  const { toggle, setFilter } = useViewActions()
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), TYPING_MS)
  const { data, error, isPending } = useOptions(dimension, search)
  const chosen = filters[dimension] ?? []
  const found = data?.values.map((item) => ({ value: String(item.value ?? NONE), count: item.count })) ?? []
  const options = merged(dimension, chosen, found, search)
  const name = DIMENSIONS[dimension].toLowerCase()
  return (
    <div className={styles.values}>
      <TextInput
        size="xs"
        data-autofocus
        placeholder={`Search ${name}`}
        aria-label={`Search ${name}`}
        leftSection={<Search size={13} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <ul className={styles.options} aria-label={DIMENSIONS[dimension]}>
        {options.map(({ value, count }) => (
          <li key={value}>
            <Checkbox
              size="xs"
              checked={chosen.includes(value)}
              onChange={() => toggle(dimension, value)}
              label={
                <span className={styles.option}>
                  <span title={value}>{valueName(dimension, value)}</span>
                  {count !== null && <span className={styles.optionCount}>{compact(count)}</span>}
                </span>
              }
            />
          </li>
        ))}
      </ul>
      <div className={styles.valuesFoot}>
        {error !== null && <span>{error.message}</span>}
        {error === null && options.length === 0 && (
          <span>{isPending ? 'Looking…' : 'Nothing like it in this window'}</span>
        )}
        {data !== undefined && data.value_count > found.length && (
          <span>{data.value_count} in all: type to find more</span>
        )}
        {chosen.length > 0 && (
          <button type="button" onClick={() => setFilter(withFilter(filters, dimension, []))}>
            Clear
          </button>
        )}
      </div>
    </div>
  )
}
