import {
  Activity,
  ChartNoAxesCombined,
  Database,
  LayoutDashboard,
  Route,
  TriangleAlert,
  Users,
  type LucideIcon,
} from 'lucide-react'

export interface Page {
  readonly path: '/' | '/endpoints' | '/errors' | '/clients' | '/traffic' | '/sources'
  readonly title: string
  readonly icon: LucideIcon
  /** The key that opens it after `G`. */
  readonly key: string
}

export const PAGES: readonly Page[] = [
  { path: '/', title: 'Overview', icon: LayoutDashboard, key: 'o' },
  { path: '/endpoints', title: 'Endpoints', icon: Route, key: 'e' },
  { path: '/errors', title: 'Errors', icon: TriangleAlert, key: 'r' },
  { path: '/clients', title: 'Clients', icon: Users, key: 'c' },
  { path: '/traffic', title: 'Traffic', icon: ChartNoAxesCombined, key: 't' },
  { path: '/sources', title: 'Sources', icon: Database, key: 's' },
]

export const LOGO: LucideIcon = Activity
