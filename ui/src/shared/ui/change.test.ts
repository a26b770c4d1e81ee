import { expect, it } from 'vitest'
import { change } from './change'

it.each([
  [120, 100, 'lower', { text: '20%', direction: 'up', verdict: 'bad' }],
  [80, 100, 'lower', { text: '20%', direction: 'down', verdict: 'good' }],
  [80, 100, 'higher', { text: '20%', direction: 'down', verdict: 'bad' }],
  [120, 100, 'neither', { text: '20%', direction: 'up', verdict: 'neutral' }],
  [100.4, 100, 'lower', { text: '0%', direction: 'same', verdict: 'neutral' }],
  [101.26, 100, 'lower', { text: '1.3%', direction: 'up', verdict: 'bad' }],
  [5, 0, 'lower', { text: 'new', direction: 'up', verdict: 'bad' }],
  [0, 0, 'lower', { text: '0%', direction: 'same', verdict: 'neutral' }],
  [50_000, 1, 'neither', { text: '>999%', direction: 'up', verdict: 'neutral' }],
] as const)('%d after %d, where %s is better', (now, before, better, expected) => {
  expect(change(now, before, better)).toEqual(expected)
})

it.each([
  [null, 5],
  [5, null],
])('says nothing where one is unknown: %s, %s', (now, before) => {
  expect(change(now, before, 'lower')).toBeNull()
})
