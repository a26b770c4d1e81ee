import { expect, it } from 'vitest'
import { faults } from './browsers.ts'

it.each([
  ['class A { static { run() } }', 'newer'],
  ['class A { count = 0 }', 'newer'],
  ['await run()', 'newer'],
  ['list.at(-1)', '.at('],
  ['structuredClone(value)', 'structuredClone('],
])('finds %s', (code, part) => {
  expect(faults('a.js', code)).toHaveLength(1)
  expect(faults('a.js', code)[0]).toContain(part)
})

it('takes what every browser has', () => {
  expect(faults('a.js', 'a ??= b?.c; import("./d.js"); text.replaceAll("a", "b")')).toEqual([])
  expect(faults('a.js', 'run({ ...at(a) })')).toEqual([])
})
