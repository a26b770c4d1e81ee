import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useClient } from '@/shared/api/context'
import { reportQuery } from '@/shared/data/useReport'
import { useStream } from '@/shared/live/useLive'
import { KEEP_TRANSITIONS } from '@/shared/theme/useScheme'
import { OPEN_EXPORT } from '@/shared/ui/events'
import { carried } from '@/shared/view/carried'
import { toSearch } from '@/shared/view/search'
import { useView, useViewActions } from '@/shared/view/useView'
import { PRESETS, type Dimension, type Preset } from '@/shared/view/view'
import { PRESET_NAMES } from '@/shared/view/words'
import { viewParams } from '@/shared/view/window'
import { PAGES } from '../pages'
import { ICONS, type Command } from './commands'

const FOUND = 8
const TYPING_MS = 120
const CLASSES = ['2xx', '3xx', '4xx', '5xx']

/** Endpoints that hold what is typed. */
function useEndpointCommands(typed: string): Command[] {
  const client = useClient()
  const view = useView()
  const navigate = useNavigate()
  const [search] = useDebouncedValue(typed.trim(), TYPING_MS)
  const { data } = useQuery({
    ...reportQuery(client, 'endpoints', { ...viewParams(view), search, limit: FOUND }),
    enabled: search !== '',
    placeholderData: keepPreviousData,
  })
  if (search === '' || data === undefined) return []
  return data.endpoints.map(({ endpoint, protocol, method }) => ({
    key: `endpoint ${protocol} ${method} ${endpoint}`,
    group: 'Endpoints',
    name: `${method ?? protocol} ${endpoint}`,
    icon: ICONS.endpoint,
    run: () => {
      const about = { path: endpoint, on: protocol, ...(method === null ? {} : { verb: method }) }
      void navigate({ to: '/endpoint', search: { ...toSearch(view), ...about } })
    },
  }))
}

function useFilterCommands(): Command[] {
  const client = useClient()
  const view = useView()
  const { toggle, setFilter } = useViewActions()
  const { data } = useQuery(
    reportQuery(client, 'dimensions', { ...viewParams(view), dimension: 'protocol', limit: 20 }),
  )
  const command = (dimension: Dimension, value: string): Command => ({
    key: `filter ${dimension} ${value}`,
    group: 'Filter',
    name: `Only ${value}`,
    icon: ICONS.filter,
    run: () => toggle(dimension, value),
  })
  return [
    ...(data?.values ?? []).flatMap(({ value }) => (value === null ? [] : [command('protocol', String(value))])),
    ...CLASSES.map((value) => command('status_code', value)),
    { key: 'filter none', group: 'Filter', name: 'Reset all filters', icon: ICONS.filter, run: () => setFilter({}) },
  ]
}

/** Everything the palette offers. */
export function useCommands(typed: string, onSheet: () => void): Command[] {
  const view = useView()
  const { setRange, change } = useViewActions()
  const navigate = useNavigate()
  const stream = useStream()
  const { setColorScheme } = useMantineColorScheme(KEEP_TRANSITIONS)
  const scheme = useComputedColorScheme('light')
  const endpoints = useEndpointCommands(typed)
  const filters = useFilterCommands()
  return [
    ...PAGES.map((page): Command => ({
      key: page.path,
      group: 'Go to',
      name: page.title,
      icon: page.icon,
      run: () =>
        void navigate({ to: page.path, search: toSearch({ ...view, filters: carried(view.filters, page.path) }) }),
    })),
    ...endpoints,
    ...(Object.keys(PRESETS) as Preset[]).map((preset): Command => ({
      key: preset,
      group: 'Window',
      name: PRESET_NAMES[preset],
      icon: ICONS.window,
      run: () => setRange({ preset }),
    })),
    ...filters,
    {
      key: 'week',
      group: 'Do',
      name: 'Compare with last week',
      icon: ICONS.window,
      run: () => change({ compare: 'week' }),
    },
    {
      key: 'before',
      group: 'Do',
      name: 'Compare with the period before',
      icon: ICONS.window,
      run: () => change({ compare: 'previous' }),
    },
    {
      key: 'alone',
      group: 'Do',
      name: 'Compare with nothing',
      icon: ICONS.window,
      run: () => change({ compare: 'off' }),
    },
    { key: 'live', group: 'Do', name: 'Live', icon: ICONS.live, run: () => stream.setMode('live') },
    { key: 'pause', group: 'Do', name: 'Pause', icon: ICONS.live, run: () => stream.setMode('paused') },
    {
      key: 'theme',
      group: 'Do',
      name: `${scheme === 'dark' ? 'Light' : 'Dark'} theme`,
      icon: ICONS.theme,
      run: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark'),
    },
    {
      key: 'export',
      group: 'Do',
      name: 'Export',
      icon: ICONS.export,
      run: () => window.dispatchEvent(new Event(OPEN_EXPORT)),
    },
    { key: 'keys', group: 'Do', name: 'Keyboard shortcuts', icon: ICONS.keys, run: onSheet },
  ]
}
