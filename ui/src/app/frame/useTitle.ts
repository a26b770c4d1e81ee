import { use, useEffect } from 'react'
import { EmbeddedContext } from '../embedded'

const PRODUCT = 'MockForge Traffic Analytics'

export function useTitle(page: string): void {
  const embedded = use(EmbeddedContext)
  useEffect(() => {
    // The title belongs to the page around us.
    if (embedded) return

    document.title = `${page} · ${PRODUCT}`
  }, [page, embedded])
}
