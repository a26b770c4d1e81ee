/** Figures as text. Every figure has a unit; what is not known is a dash, never a zero. */

export const UNKNOWN = '–'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const decimals = [0, 1, 2, 3].map(
  (digits) => new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
)
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

export function fixed(value: number, digits: 0 | 1 | 2 | 3): string {
  return decimals[digits]?.format(value) ?? String(value)
}

export function count(value: number): string {
  return whole.format(value)
}

/** A count in few characters (`1.2M`), for axes and narrow places. */
export function compact(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)
}

/** Three significant digits at least, never more than three decimals. */
function measured(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 100) return fixed(value, 0)
  if (size >= 10) return fixed(value, 1)
  if (size >= 1) return fixed(value, 2)
  return size < 0.001 ? '<0.001' : fixed(value, 3)
}

export interface Figure {
  readonly value: string
  readonly unit: string
}

export function text(figure: Figure): string {
  if (figure.unit === '') return figure.value
  return figure.unit === '%' || figure.unit === '/s'
    ? `${figure.value}${figure.unit}`
    : `${figure.value} ${figure.unit}`
}

export function rate(perSecond: number): Figure {
  if (perSecond >= 10_000) return { value: short.format(perSecond), unit: '/s' }
  return { value: measured(perSecond), unit: '/s' }
}

const MILLISECONDS_A_SECOND = 1000

export function milliseconds(value: number | null): Figure {
  if (value === null) return { value: UNKNOWN, unit: '' }
  if (value >= 10 * MILLISECONDS_A_SECOND) return { value: fixed(value / MILLISECONDS_A_SECOND, 1), unit: 's' }
  if (value >= MILLISECONDS_A_SECOND) return { value: fixed(value / MILLISECONDS_A_SECOND, 2), unit: 's' }
  return { value: measured(value), unit: 'ms' }
}

export function percent(value: number, digits: 0 | 1 | 2 = 2): Figure {
  const smallest = 10 ** -digits
  if (value > 0 && value < smallest) return { value: `<${fixed(smallest, digits)}`, unit: '%' }
  return { value: fixed(value, digits), unit: '%' }
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

export function bytes(value: number): Figure {
  let size = value
  let step = 0
  while (size >= 1000 && step < BYTE_UNITS.length - 1) {
    size /= 1000
    step += 1
  }
  return { value: step === 0 ? whole.format(size) : measured(size), unit: BYTE_UNITS[step] ?? 'B' }
}

/** A word and its number: `1 request`, `412,067 requests`. */
export function quantity(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/** Shortened in the middle, because both ends of a path tell it apart. */
export function middle(value: string, length: number): string {
  if (value.length <= length) return value
  const head = Math.ceil((length - 1) / 2)
  return `${value.slice(0, head)}…${value.slice(value.length - (length - 1 - head))}`
}
