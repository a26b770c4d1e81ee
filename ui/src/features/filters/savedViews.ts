import { readSearch, toSearch, toView, type RawSearch } from '@/shared/view/search'
import type { View } from '@/shared/view/view'

export interface SavedView {
  readonly name: string
  readonly view: View
}

const KEY = 'mockforge-analytics.views'

/** Saved views as text; each is kept as the parameters of its address. */
export function serialize(views: readonly SavedView[]): string {
  return JSON.stringify(views.map(({ name, view }) => ({ name, search: toSearch(view) })))
}

/** What is understood of `text`; anything else is left out. */
export function deserialize(text: string | undefined): SavedView[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(list)) return []
    return list.flatMap((item: unknown) => {
      if (typeof item !== 'object' || item === null || !('name' in item) || typeof item.name !== 'string') return []
      const search = 'search' in item && typeof item.search === 'object' && item.search !== null ? item.search : {}
      return [{ name: item.name, view: toView(readSearch(search as RawSearch)) }]
    })
  } catch {
    return []
  }
}

export { KEY as SAVED_VIEWS_KEY }
