import { localStorageColorSchemeManager, MantineProvider, type MantineThemeOverride } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider, type AnyRouter } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { ClientContext } from '@/shared/api/context'
import type { Zone } from '@/shared/format/time'
import { ZoneContext } from '@/shared/format/zone'
import { StreamContext } from '@/shared/live/useLive'
import { theme } from '@/shared/theme/mantine'
import { Toasts } from '@/shared/ui/Toasts'
import type { Services } from './services'
import { remember, remembered, ZONES } from './settings'

interface AppProps {
  readonly services: Services
  readonly router: AnyRouter
  /** The scheme of the page around it; by default the reader chooses. */
  readonly scheme?: 'light' | 'dark' | undefined
  /** Where menus and dialogs open, and what has the colour scheme: by default the document. */
  readonly place?: string | undefined
}

const schemeManager = localStorageColorSchemeManager({ key: 'mockforge-analytics.scheme' })

function themeIn(place: string | undefined): MantineThemeOverride {
  if (place === undefined) return theme
  return { ...theme, components: { ...theme.components, Portal: { defaultProps: { target: place } } } }
}

export function App({ services, router, scheme, place }: AppProps) {
  const [zone, keepZone] = useState<Zone>(() => remembered('zone', ZONES, 'local'))
  const zoneChoice = useMemo(() => {
    const setZone = (next: Zone): void => {
      remember('zone', next)
      keepZone(next)
    }
    return { zone, setZone }
  }, [zone])
  const themed = useMemo(() => themeIn(place), [place])
  return (
    // No `<style>` elements from Mantine: the policy of the page refuses them, and the stylesheet has all of it.
    <MantineProvider
      theme={themed}
      defaultColorScheme="auto"
      colorSchemeManager={schemeManager}
      withCssVariables={false}
      withGlobalClasses={false}
      {...(place === undefined
        ? {}
        : { getRootElement: () => document.querySelector<HTMLElement>(place) ?? undefined })}
      {...(scheme === undefined ? {} : { forceColorScheme: scheme })}
    >
      <Toasts />
      <ZoneContext value={zoneChoice}>
        <ClientContext value={services.client}>
          <StreamContext value={services.stream}>
            <QueryClientProvider client={services.queries}>
              <RouterProvider router={router} />
            </QueryClientProvider>
          </StreamContext>
        </ClientContext>
      </ZoneContext>
    </MantineProvider>
  )
}
