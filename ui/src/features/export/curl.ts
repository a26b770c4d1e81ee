import type { Client } from '@/shared/api/client'
import type { Route } from '@/shared/api/reports'
import type { View } from '@/shared/view/view'
import { viewParams } from '@/shared/view/window'

const REPORTS: Readonly<Record<string, Route>> = {
  '/endpoints': 'endpoints',
  '/endpoint': 'overview',
  '/errors': 'errors',
  '/clients': 'clients',
  '/traffic': 'traffic-patterns',
  '/sources': 'status',
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** The command that asks for what a page shows. */
export function curl(client: Client, page: string, view: View): string {
  const route = REPORTS[page] ?? 'overview'
  return `curl ${quoted(client.url(route, route === 'status' ? {} : viewParams(view)).href)}`
}
