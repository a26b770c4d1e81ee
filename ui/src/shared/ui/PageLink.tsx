import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { toSearch } from '@/shared/view/search'
import { useView, type Identity } from '@/shared/view/useView'
import { carried } from '@/shared/view/carried'
import type { View } from '@/shared/view/view'

export type Path = '/' | '/endpoints' | '/endpoint' | '/errors' | '/clients' | '/traffic' | '/sources'

interface PageLinkProps {
  readonly to: Path
  /** What the page is about, beside the view. */
  readonly about?: Identity
  /** Parts of the view that the link changes; the window and the filters are carried along. */
  readonly change?: Partial<View>
  /** The order of the page's table: `p95_latency_ms:desc`. */
  readonly sort?: string
  readonly className?: string | undefined
  readonly title?: string | undefined
  readonly children: ReactNode
}

/** A link to another page with the same view. */
export function PageLink({ to, about, change, sort, className, title, children }: PageLinkProps) {
  const view = useView()
  const kept = { ...view, filters: carried(view.filters, to), ...change }
  return (
    <Link
      to={to}
      search={{ ...toSearch(kept), ...about, ...(sort === undefined ? {} : { sort }) }}
      className={className}
      title={title}
      activeOptions={{ exact: true, includeSearch: false }}
    >
      {children}
    </Link>
  )
}
