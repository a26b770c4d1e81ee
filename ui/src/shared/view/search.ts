import {
  COMPARISONS,
  DEFAULT_VIEW,
  DIMENSION_NAMES,
  GRANULARITIES,
  PRESETS,
  type Comparison,
  type Dimension,
  type Filters,
  type Granularity,
  type Preset,
  type Range,
  type View,
} from './view'

/** A view as parameters of the page's address; what is as usual is left out. */
export type ViewSearch = Partial<Record<Dimension, string[]>> & {
  range?: Preset
  from?: number
  to?: number
  granularity?: Granularity
  compare?: Comparison
}

export type RawSearch = Readonly<Record<string, unknown>>

function oneOf<T extends string>(table: Record<T, unknown>, value: unknown): T | undefined {
  return typeof value === 'string' && Object.keys(table).includes(value) ? (value as T) : undefined
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

export function texts(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item): item is string => typeof item === 'string' && item !== '')
}

function without<T extends object>(entries: T): T {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as T
}

/** What is understood of `raw`; the rest is dropped, so that an old or mistyped link still opens. */
export function readSearch(raw: RawSearch): ViewSearch {
  const from = seconds(raw['from'])
  const to = seconds(raw['to'])
  const still = from !== undefined && to !== undefined && to > from
  const lists = DIMENSION_NAMES.map((name) => [name, texts(raw[name])] as const).filter(([, list]) => list.length > 0)
  return without({
    ...Object.fromEntries(lists),
    range: still ? undefined : oneOf(PRESETS, raw['range']),
    from: still ? from : undefined,
    to: still ? to : undefined,
    granularity: oneOf(GRANULARITIES, raw['granularity']),
    compare: oneOf(COMPARISONS, raw['compare']),
  }) as ViewSearch
}

function rangeOf(search: ViewSearch): Range {
  if (search.from !== undefined && search.to !== undefined) return { from: search.from, to: search.to }
  return search.range === undefined ? DEFAULT_VIEW.range : { preset: search.range }
}

export function toView(search: ViewSearch): View {
  const filters: Filters = Object.fromEntries(
    DIMENSION_NAMES.flatMap((name) => {
      const values = search[name]
      return values === undefined ? [] : [[name, values]]
    }),
  )
  return {
    range: rangeOf(search),
    granularity: search.granularity ?? DEFAULT_VIEW.granularity,
    compare: search.compare ?? DEFAULT_VIEW.compare,
    filters,
  }
}

export function toSearch(view: View): ViewSearch {
  const { range } = view
  const preset = 'preset' in range
  return without({
    ...view.filters,
    range: preset && range.preset !== '1h' ? range.preset : undefined,
    from: preset ? undefined : range.from,
    to: preset ? undefined : range.to,
    granularity: view.granularity === DEFAULT_VIEW.granularity ? undefined : view.granularity,
    compare: view.compare === DEFAULT_VIEW.compare ? undefined : view.compare,
  }) as ViewSearch
}

/** `?protocol=HTTP&protocol=gRPC` → lists where a name repeats; the same form as the parameters of the API. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const query = new URLSearchParams(text)
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name)
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}

export function stringifySearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const item of list) if (typeof item === 'string' || typeof item === 'number') query.append(name, String(item))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
