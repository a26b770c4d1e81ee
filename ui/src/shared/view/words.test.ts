import { describe, expect, it } from 'vitest'
import { pathName, rangeName } from './words'

const at = (text: string): number => Date.parse(text) / 1000

describe('the name of a window', () => {
  const now = at('2026-11-26T15:00:00Z')

  it.each([
    ['2026-11-25T14:05:10Z', '2026-11-25T14:05:50Z', 'Nov 25, 14:05:10–14:05:50'],
    ['2026-11-25T14:05:10Z', '2026-11-25T14:35:50Z', 'Nov 25, 14:05–14:35'],
    ['2026-11-24T23:50:07Z', '2026-11-25T00:20:00Z', 'Nov 24, 23:50 – Nov 25, 00:20'],
    ['2001-09-09T01:46:40Z', '2001-09-09T02:46:40Z', 'Sep 9, 2001, 01:46 – Sep 9, 2001, 02:46'],
  ])('from %s to %s', (from, to, name) => {
    expect(rangeName({ from: at(from), to: at(to) }, 'utc', now)).toBe(name)
  })
})

it('names a path that is not there', () => {
  expect(pathName('')).toBe('(empty path)')
  expect(pathName('/')).toBe('/')
})
