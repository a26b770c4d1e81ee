import { expect, it } from 'vitest'
import { scoped } from './scope.ts'

it.each([
  [':root {\n  --page: #fff;\n}', '.analytics {\n  --page: #fff;\n}'],
  [":root[data-x='dark'] {\n}", ".analytics[data-x='dark'] {\n}"],
  ['.more:hover {\n}', '.analytics .more:hover {\n}'],
  ['  *,\n  *::before {\n  }', '  .analytics *,\n  .analytics *::before {\n  }'],
  ['  width: calc(2px * 3);', '  width: calc(2px * 3);'],
])('keeps %s to the dashboard', (before, after) => {
  expect(scoped(before)).toBe(after)
})
