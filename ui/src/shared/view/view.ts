/** What the reader looks at: a window, how finely it is cut, what it is compared with, and the filters. */

export const PRESETS = {
  '5m': 300,
  '15m': 900,
  '1h': 3600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
  '90d': 7_776_000,
} as const

export type Preset = keyof typeof PRESETS

export const GRANULARITIES = {
  auto: 'Automatic',
  '10s': '10 seconds',
  '30s': '30 seconds',
  minute: 'Minute',
  '5m': '5 minutes',
  '15m': '15 minutes',
  hour: 'Hour',
  '6h': '6 hours',
  day: 'Day',
} as const

export type Granularity = keyof typeof GRANULARITIES

export const COMPARISONS = {
  previous: 'the period before',
  week: 'the same time last week',
  off: 'nothing',
} as const

export type Comparison = keyof typeof COMPARISONS

/** Filters, by the name of their parameter. */
export const DIMENSIONS = {
  protocol: 'Protocol',
  endpoint: 'Endpoint',
  method: 'Method',
  status_code: 'Status',
  environment: 'Environment',
  workspace_id: 'Workspace',
  error_category: 'Error category',
  error_type: 'Error type',
  client_ip: 'Client',
  user_agent_family: 'Agent',
} as const

export type Dimension = keyof typeof DIMENSIONS

/** Filters that only the reports of one page can answer; they do not go with the reader to another. */
export const OF_ERRORS: readonly Dimension[] = ['error_category', 'error_type']
export const OF_CLIENTS: readonly Dimension[] = ['client_ip', 'user_agent_family']

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as readonly Dimension[]

/** The value of a filter for requests that have none. */
export const NONE = '(none)'

export type Filters = Readonly<Partial<Record<Dimension, readonly string[]>>>

/** A window that ends now. */
export interface Moving {
  readonly preset: Preset
}

/** A window that stands still: half-open, Unix seconds. */
export interface Still {
  readonly from: number
  readonly to: number
}

export type Range = Moving | Still

export interface View {
  readonly range: Range
  readonly granularity: Granularity
  readonly compare: Comparison
  readonly filters: Filters
}

export const DEFAULT_VIEW: View = { range: { preset: '1h' }, granularity: 'auto', compare: 'previous', filters: {} }

export const WEEK_SECONDS = 604_800

export function rangeSeconds(range: Range): number {
  return 'preset' in range ? PRESETS[range.preset] : range.to - range.from
}

export function isMoving(range: Range): range is Moving {
  return 'preset' in range
}

export function compareOffset(view: View): number | null {
  if (view.compare === 'off') return null
  return view.compare === 'week' ? WEEK_SECONDS : rangeSeconds(view.range)
}

export function withFilter(filters: Filters, dimension: Dimension, values: readonly string[]): Filters {
  const rest = Object.fromEntries(Object.entries(filters).filter(([name]) => name !== dimension))
  return values.length === 0 ? rest : { ...rest, [dimension]: [...new Set(values)] }
}

/** The filters with `value` switched on or off. */
export function toggled(filters: Filters, dimension: Dimension, value: string): Filters {
  const set = filters[dimension] ?? []
  return withFilter(filters, dimension, set.includes(value) ? set.filter((item) => item !== value) : [...set, value])
}

/** The filters without those of `dimensions`. */
export function without(filters: Filters, dimensions: readonly Dimension[]): Filters {
  return dimensions.reduce((rest, dimension) => withFilter(rest, dimension, []), filters)
}

export function filterCount(filters: Filters): number {
  return Object.values(filters).reduce((sum, values) => sum + values.length, 0)
}
