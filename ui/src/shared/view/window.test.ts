import { describe, expect, it } from 'vitest'
import { DEFAULT_VIEW } from './view'
import { earlierParams, scaled, shifted, viewParams, windowParams } from './window'

const NOW = 100_000

describe('the parameters of a window', () => {
  it('leave one that ends now to the clock of the server', () => {
    expect(windowParams({ preset: '6h' })).toEqual({ duration: '21600' })
  })

  it('name both ends of one that stands still', () => {
    expect(windowParams({ from: 10, to: 70 })).toEqual({ start_time: '10', end_time: '70' })
  })

  it('end the period before where the window begins', () => {
    expect(earlierParams({ preset: '1h' }, 3600)).toEqual({ start_time: 'now-7200s', end_time: 'now-3600s' })
    expect(earlierParams({ from: 100, to: 160 }, 60)).toEqual({ start_time: '40', end_time: '100' })
  })

  it('hold the filters of requests, not those of errors or clients', () => {
    const filters = { protocol: ['HTTP'], error_type: ['timeout'], client_ip: ['::1'] }
    expect(viewParams({ ...DEFAULT_VIEW, filters })).toEqual({ duration: '3600', protocol: ['HTTP'] })
  })
})

describe('moving a window', () => {
  it('goes half of it earlier', () => {
    expect(shifted({ preset: '1h' }, -1, NOW)).toEqual({ from: NOW - 5400, to: NOW - 1800 })
    expect(shifted({ from: 1000, to: 1600 }, -1, NOW)).toEqual({ from: 700, to: 1300 })
  })

  it('never goes past now', () => {
    expect(shifted({ from: NOW - 700, to: NOW - 100 }, 1, NOW)).toEqual({ from: NOW - 600, to: NOW })
  })
})

describe('scaling a window', () => {
  it('takes the next preset', () => {
    expect(scaled({ preset: '1h' }, 2, NOW)).toEqual({ preset: '6h' })
    expect(scaled({ preset: '1h' }, 0.5, NOW)).toEqual({ preset: '15m' })
  })

  it('ends at the first and the last', () => {
    expect(scaled({ preset: '5m' }, 0.5, NOW)).toEqual({ preset: '5m' })
    expect(scaled({ preset: '90d' }, 2, NOW)).toEqual({ preset: '90d' })
  })

  it('keeps the middle of one that stands still', () => {
    expect(scaled({ from: 1000, to: 2000 }, 2, NOW)).toEqual({ from: 500, to: 2500 })
    expect(scaled({ from: 1000, to: 2000 }, 0.5, NOW)).toEqual({ from: 1250, to: 1750 })
  })
})
