import { useMantineColorScheme, useComputedColorScheme } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { use, useEffect, useRef } from 'react'
import { useStream } from '@/shared/live/useLive'
import { KEEP_TRANSITIONS } from '@/shared/theme/useScheme'
import { FOCUS_SEARCH, OPEN_EXPORT } from '@/shared/ui/events'
import { carried } from '@/shared/view/carried'
import { toSearch } from '@/shared/view/search'
import { useView, useViewActions } from '@/shared/view/useView'
import { useZoom } from '@/shared/view/useZoom'
import { PRESETS, type Preset } from '@/shared/view/view'
import { scaled, shifted } from '@/shared/view/window'
import { EmbeddedContext } from '../embedded'
import { PAGES } from '../pages'

interface Openers {
  readonly onPalette: () => void
  readonly onSheet: () => void
}

/** A dialog, or whatever a button has opened; what is on its way out no longer counts. */
const OPEN = '[aria-modal="true"], [aria-haspopup][aria-expanded="true"]'

/** Keys belong to what is typed into, and to whatever dialog or menu is open. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null
  const typing = target !== null && (/^(input|textarea|select)$/i.test(target.tagName) || target.isContentEditable)
  const covered = document.querySelector(OPEN) !== null
  return typing || covered || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey
}

function opensPalette(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k'
}

const SECOND_KEY_MS = 1200

/** What each single key does; made anew with every view. */
function useActions({ onSheet }: Openers): Record<string, () => void> {
  const view = useView()
  const { change, setRange } = useViewActions()
  const zoom = useZoom()
  const stream = useStream()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme(KEEP_TRANSITIONS)
  const scheme = useComputedColorScheme('light')
  const now = (): number => Date.now() / 1000
  const presets = Object.keys(PRESETS).slice(0, 7) as Preset[]
  return {
    '?': onSheet,
    '/': () => {
      void navigate({ to: '/endpoints', search: toSearch(view) }).then(() =>
        window.dispatchEvent(new Event(FOCUS_SEARCH)),
      )
    },
    r: () => void queries.invalidateQueries(),
    l: () => stream.setMode(stream.read().mode === 'live' ? 'paused' : 'live'),
    t: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark'),
    c: () => change({ compare: view.compare === 'off' ? 'previous' : 'off' }),
    e: () => window.dispatchEvent(new Event(OPEN_EXPORT)),
    Escape: zoom.back,
    ArrowLeft: () => setRange(shifted(view.range, -1, now())),
    ArrowRight: () => setRange(shifted(view.range, 1, now())),
    '-': () => setRange(scaled(view.range, 2, now())),
    '+': () => setRange(scaled(view.range, 0.5, now())),
    '=': () => setRange(scaled(view.range, 0.5, now())),
    ...Object.fromEntries(presets.map((preset, index) => [String(index + 1), () => setRange({ preset })])),
  }
}

/** Listens for the keys of the whole page. */
export function useShortcuts(openers: Openers): void {
  const actions = useActions(openers)
  const view = useView()
  const navigate = useNavigate()
  const waiting = useRef(0)
  const embedded = use(EmbeddedContext)
  useEffect(() => {
    // The keys belong to the page around us.
    if (embedded) return undefined
    const go = (key: string): boolean => {
      const page = PAGES.find((item) => item.key === key)
      if (page === undefined) return false
      void navigate({ to: page.path, search: toSearch({ ...view, filters: carried(view.filters, page.path) }) })
      return true
    }
    const press = (event: KeyboardEvent): void => {
      if (opensPalette(event)) {
        event.preventDefault()
        openers.onPalette()
        return
      }
      if (isTaken(event)) return
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
      const second = event.timeStamp - waiting.current < SECOND_KEY_MS && waiting.current > 0
      waiting.current = key === 'g' && !second ? event.timeStamp : 0
      const action = actions[key]
      if (second ? go(key) : action !== undefined) event.preventDefault()
      if (!second) action?.()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [actions, embedded, navigate, openers, view])
}
