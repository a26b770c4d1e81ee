import { describe, expect, it } from 'vitest'
import { parseSearch, readSearch, stringifySearch, toSearch, toView } from './search'
import { DEFAULT_VIEW, type View } from './view'

function roundTrip(view: View): View {
  return toView(readSearch(parseSearch(stringifySearch(toSearch(view)))))
}

describe('a view in the address', () => {
  it('is empty where everything is as usual', () => {
    expect(stringifySearch(toSearch(DEFAULT_VIEW))).toBe('')
  })

  it.each<View>([
    DEFAULT_VIEW,
    { ...DEFAULT_VIEW, range: { preset: '7d' }, compare: 'week' },
    { ...DEFAULT_VIEW, range: { from: 1000, to: 2000 }, granularity: '5m', compare: 'off' },
    { ...DEFAULT_VIEW, filters: { protocol: ['HTTP'], status_code: ['4xx', '503'], endpoint: ['/a b/:id?x=1&y=ü'] } },
    { ...DEFAULT_VIEW, filters: { method: ['(none)'], environment: ['prod', 'dev'] } },
  ])('comes back the same: %j', (view) => {
    expect(roundTrip(view)).toEqual(view)
  })

  it('has the names of the API and repeats a filter', () => {
    const view: View = { ...DEFAULT_VIEW, range: { preset: '24h' }, filters: { protocol: ['HTTP', 'gRPC'] } }
    expect(stringifySearch(toSearch(view))).toBe('?protocol=HTTP&protocol=gRPC&range=24h')
  })

  it.each([
    ['?range=3y', DEFAULT_VIEW],
    ['?from=20&to=10', DEFAULT_VIEW],
    ['?from=abc&to=10', DEFAULT_VIEW],
    ['?from=5', DEFAULT_VIEW],
    ['?granularity=constructor', DEFAULT_VIEW],
    ['?protocol=', DEFAULT_VIEW],
  ])('reads %s as if it were not there', (text, view) => {
    expect(toView(readSearch(parseSearch(text)))).toEqual(view)
  })
})
