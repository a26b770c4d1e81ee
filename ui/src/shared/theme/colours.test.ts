import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ink } from '@/shared/charts/palette'
import { colourOf, everyColour, seriesColour, type Scheme } from './colours'

/** WCAG 2.1: relative luminance and contrast. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

const css = readFileSync('src/shared/theme/tokens.css', 'utf8')

/** The tokens of a theme, by name. */
function tokens(scheme: Scheme): Map<string, string> {
  const [light = '', dark = ''] = css.split(":root[data-mantine-color-scheme='dark']", 2)
  const block = (text: string): [string, string][] =>
    [...(text.split('}')[0] ?? '').matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ])
  return new Map(scheme === 'light' ? block(light) : [...block(light), ...block(dark)])
}

describe.each(['light', 'dark'] as const)('colours in %s', (scheme) => {
  const token = (name: string): string => tokens(scheme).get(name) ?? `no token ${name}`

  it.each(Object.entries(everyColour(scheme)))('%s stands out from the surface', (_name, colour) => {
    expect(contrast(colour, token('surface'))).toBeGreaterThanOrEqual(3)
  })

  it.each([
    ['text', 'page'],
    ['muted', 'page'],
    ['muted', 'surface'],
    ['muted', 'sunken'],
    ['muted', 'hover'],
    ['muted', 'accent-soft'],
    ['faint', 'page'],
    ['faint', 'surface'],
    ['faint', 'hover'],
    ['accent', 'surface'],
    ['accent', 'page'],
    ['accent', 'accent-soft'],
    ['on-accent', 'accent'],
    ['good', 'good-soft'],
    ['warn', 'warn-soft'],
    ['bad', 'bad-soft'],
    ['warn', 'surface'],
    ['bad', 'surface'],
  ])('%s can be read on %s', (front, back) => {
    expect(contrast(token(front), token(back))).toBeGreaterThanOrEqual(4.5)
  })

  it('gives the canvas the same colours as the page', () => {
    const { surface, text, muted, grid, ghost } = ink(scheme)
    expect({ surface, text, muted, grid, ghost }).toEqual({
      surface: token('surface'),
      text: token('text'),
      muted: token('muted'),
      grid: token('grid'),
      ghost: token('ghost'),
    })
  })
})

describe('meanings', () => {
  it('give a protocol one colour whatever its case', () => {
    expect(colourOf('protocol', 'HTTP', 'light')).toBe(colourOf('protocol', 'http', 'light'))
  })

  it('keep all ten protocols apart', () => {
    const names = ['HTTP', 'gRPC', 'WebSocket', 'GraphQL', 'MQTT', 'Kafka', 'AMQP', 'SMTP', 'FTP', 'TCP']
    expect(new Set(names.map((name) => colourOf('protocol', name, 'light'))).size).toBe(10)
  })

  it('tell methods apart, also those that are no HTTP', () => {
    const names = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'CALL', 'CONNECT', '(none)']
    for (const scheme of ['light', 'dark'] as const) {
      expect(new Set(names.map((name) => colourOf('method', name, scheme))).size).toBe(names.length)
    }
  })

  it('give a name nobody foresaw a colour that is not that of none, and always the same', () => {
    const none = colourOf('method', '(none)', 'light')
    for (const name of ['PROPFIND', 'TRACK', 'QUIT', 'подписка', '🙂']) {
      expect(colourOf('method', name, 'light')).not.toBe(none)
      expect(colourOf('method', name, 'light')).toBe(colourOf('method', name.toLowerCase(), 'light'))
    }
  })

  it('keep what is left over apart from what has no value', () => {
    expect(seriesColour(-1, 'light')).not.toBe(colourOf('method', '(none)', 'light'))
  })

  it('colour a status by its class', () => {
    expect(colourOf('status', '404', 'dark')).toBe(colourOf('status', '4xx', 'dark'))
  })
})
