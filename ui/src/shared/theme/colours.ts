/** Okabe–Ito and neighbours, tuned so that each stands out at 3:1 or more from the surface of its theme. */

import { NONE } from '@/shared/view/view'

export type Scheme = 'light' | 'dark'

interface Tone {
  readonly light: string
  readonly dark: string
}

const tones = {
  blue: { light: '#0072b2', dark: '#4aa8e0' },
  orange: { light: '#b26b00', dark: '#e69f00' },
  green: { light: '#00805c', dark: '#2bc49a' },
  purple: { light: '#ad5287', dark: '#e08bbb' },
  vermillion: { light: '#c44e00', dark: '#f07b3f' },
  olive: { light: '#7d7300', dark: '#ddd04a' },
  sky: { light: '#2a86bd', dark: '#86cdf3' },
  indigo: { light: '#5b4fc4', dark: '#a79bf5' },
  brown: { light: '#8a5a3b', dark: '#c89b7b' },
  slate: { light: '#647386', dark: '#93a3b4' },
  ash: { light: '#8b95a1', dark: '#66768a' },
  red: { light: '#c22a3c', dark: '#ff7a80' },
  amber: { light: '#a07000', dark: '#e8b93c' },
} satisfies Record<string, Tone>

type Hue = keyof typeof tones

const PROTOCOLS: Readonly<Record<string, Hue>> = {
  http: 'blue',
  grpc: 'orange',
  graphql: 'purple',
  websocket: 'green',
  kafka: 'vermillion',
  mqtt: 'olive',
  amqp: 'sky',
  tcp: 'indigo',
  ftp: 'brown',
  smtp: 'slate',
}

const METHODS: Readonly<Record<string, Hue>> = {
  get: 'blue',
  post: 'green',
  put: 'orange',
  patch: 'purple',
  delete: 'vermillion',
  head: 'sky',
  options: 'brown',
  call: 'indigo',
  connect: 'olive',
}

const STATUSES: Readonly<Record<string, Hue>> = {
  '1': 'sky',
  '2': 'green',
  '3': 'blue',
  '4': 'amber',
  '5': 'red',
}

const CATEGORIES: Readonly<Record<string, Hue>> = {
  client_error: 'amber',
  server_error: 'red',
  network_error: 'vermillion',
  timeout_error: 'purple',
}

const PERCENTILES = {
  p50: { light: '#6c93d6', dark: '#5e80c2' },
  p95: { light: '#3f66c4', dark: '#8fb0f2' },
  p99: { light: '#1f3a93', dark: '#d5e2ff' },
  avg: { light: '#647386', dark: '#93a3b4' },
} satisfies Record<string, Tone>

const ORDER: readonly Hue[] = ['blue', 'orange', 'green', 'purple', 'vermillion', 'olive', 'indigo', 'brown']

/** What a colour stands for; the same value of the same dimension has one colour in the whole product. */
export type Meaning = 'protocol' | 'method' | 'status' | 'category'

/** What none of the tables knows takes one of these: by its name, so that it is the same in every chart. */
const SPARE: readonly Hue[] = ['indigo', 'olive', 'brown', 'sky']

function spare(value: string): Hue | undefined {
  if (value === '' || value === NONE) return undefined
  const sum = Array.from(value).reduce((before, letter) => (before * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7)
  return SPARE[sum % SPARE.length]
}

const MEANINGS: Readonly<Record<Meaning, (value: string) => Hue | undefined>> = {
  protocol: (value) => PROTOCOLS[value.toLowerCase()] ?? spare(value.toLowerCase()),
  method: (value) => METHODS[value.toLowerCase()] ?? spare(value.toLowerCase()),
  status: (value) => STATUSES[value.charAt(0)],
  category: (value) => CATEGORIES[value],
}

export function colourOf(meaning: Meaning, value: string, scheme: Scheme): string {
  return tones[MEANINGS[meaning](value) ?? 'slate'][scheme]
}

export function percentileColour(name: keyof typeof PERCENTILES, scheme: Scheme): string {
  return PERCENTILES[name][scheme]
}

/** The colour of the nth of several series that have none of their own; of the rest of them where there is no such one. */
export function seriesColour(index: number, scheme: Scheme): string {
  return tones[ORDER[index] ?? 'ash'][scheme]
}

export function everyColour(scheme: Scheme): Record<string, string> {
  const all: Record<string, Tone> = { ...tones, ...PERCENTILES }
  return Object.fromEntries(Object.entries(all).map(([name, tone]) => [name, tone[scheme]]))
}

/** A colour with an alpha from 0 to 1, as `#rrggbbaa`. */
export function faded(colour: string, alpha: number): string {
  const part = Math.round(Math.min(1, Math.max(0, alpha)) * 255)
  return `${colour}${part.toString(16).padStart(2, '0')}`
}
