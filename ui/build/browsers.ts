import { parse } from 'acorn'
import type { Plugin } from 'vite'

/**
 * The newest syntax that all browsers of package.json read (Safari 14): the build lowers ours and that of the
 * libraries, and this sees to it that nothing slipped through.
 */
const SYNTAX = 2021

/** Calls that some of them lack, and that no tool rewrites. `Object.hasOwn` is not among them: src/boot.js adds it. */
const MISSING = [
  '.at(',
  '.findLast(',
  '.findLastIndex(',
  '.toSorted(',
  '.toReversed(',
  '.toSpliced(',
  '.checkVisibility(',
  'Object.groupBy(',
  'Array.fromAsync(',
  'Promise.withResolvers(',
  'structuredClone(',
  'randomUUID(',
  'AbortSignal.timeout(',
  'AbortSignal.any(',
]

/** What is wrong with a script for the oldest of the browsers. */
export function faults(name: string, code: string): string[] {
  // Three dots are no call: `...at(x)` spreads what a function named by the minifier returns.
  const calls = code.replaceAll('...', ' ')
  const found = MISSING.filter((call) => calls.includes(call)).map((call) => `${name} calls ${call}…)`)
  try {
    parse(code, { ecmaVersion: SYNTAX, sourceType: 'module' })
  } catch (error) {
    found.push(`${name} is newer than ECMAScript ${SYNTAX}: ${String(error)}`)
  }
  return found
}

/** Fails the build where the outcome would not run on every browser we promise. */
export function oldBrowsers(): Plugin {
  return {
    name: 'old-browsers',
    generateBundle(_options, bundle) {
      const wrong = Object.values(bundle).flatMap((file) =>
        file.type === 'chunk' ? faults(file.fileName, file.code) : [],
      )
      if (wrong.length > 0) this.error(wrong.join('\n'))
    },
  }
}
