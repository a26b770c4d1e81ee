import '@testing-library/jest-dom/vitest'
import { cleanup } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { server } from './server'

// jsdom lays nothing out: what asks for sizes and media gets the answers of a wide screen.
window.matchMedia = (query) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media: query,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  })
window.ResizeObserver = class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
Element.prototype.scrollIntoView = () => undefined

// A request that no test prepared an answer for fails the test, also where the code takes the refusal well.
const unprepared: string[] = []
beforeAll(() =>
  server.listen({
    onUnhandledFrame: ({ frame, defaults }) => {
      unprepared.push(frame.data instanceof Request ? frame.data.url : frame.protocol)
      defaults.error()
    },
  }),
)
afterEach(() => {
  cleanup()
  expect(unprepared.splice(0)).toEqual([])
  server.resetHandlers()
  localStorage.clear()
})
afterAll(() => server.close())
