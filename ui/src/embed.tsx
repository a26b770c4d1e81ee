import './app/parts'
import './app/embedded.css'
import { createMemoryHistory } from '@tanstack/react-router'
import { useState } from 'react'
import { PLACE } from './shared/ui/place'
import { App } from './app/App'
import { EmbeddedContext } from './app/embedded'
import { makeRouter } from './app/router'
import { createServices } from './app/services'

export interface AnalyticsDashboardV2Props {
  /** Where the server stands, such as `https://host/analytics/`. */
  readonly baseUrl: string
  /** The scheme of the page around it; by default that of the system. */
  readonly theme?: 'light' | 'dark'
  /** What to show first, as an address of the dashboard: `/errors?range=24h&protocol=HTTP`. */
  readonly initial?: string
}

/**
 * The dashboard as a part of another React application. It leaves the address, the title and the keys of that page
 * alone, keeps its styles to itself, and opens its menus inside itself. One of it fits on a page. The server must allow the page's origin (`server.allowed_origins`).
 */
export function AnalyticsDashboardV2({ baseUrl, theme, initial = '/' }: AnalyticsDashboardV2Props) {
  const [parts] = useState(() => ({
    services: createServices(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`),
    router: makeRouter(createMemoryHistory({ initialEntries: [initial] }), '/'),
  }))
  return (
    <EmbeddedContext value>
      <div className="analytics">
        <App services={parts.services} router={parts.router} scheme={theme} place={PLACE} />
      </div>
    </EmbeddedContext>
  )
}
