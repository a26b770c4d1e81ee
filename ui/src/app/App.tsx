import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
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
  /** Whether Mantine puts its variables into the page itself; the stylesheet has them otherwise. */
  readonly scheme?: 'light' | 'dark' | undefined
}

const schemeManager = localStorageColorSchemeManager({ key: 'mockforge-analytics.scheme' })

export function App({ services, router, scheme }: AppProps) {
  const [zone, keepZone] = useState<Zone>(() => remembered('zone', ZONES, 'local'))
  const zoneChoice = useMemo(() => {
    const setZone = (next: Zone): void => {
      remember('zone', next)
      keepZone(next)
    }
    return { zone, setZone }
  }, [zone])
  return (
    // No `<style>` elements from Mantine: the policy of the page refuses them, and the stylesheet has all of it.
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={schemeManager}
      withCssVariables={false}
      withGlobalClasses={false}
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
