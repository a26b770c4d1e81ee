import { useEffect } from 'react'

const PRODUCT = 'MockForge Traffic Analytics'

export function useTitle(page: string): void {
  useEffect(() => {
    document.title = `${page} · ${PRODUCT}`
  }, [page])
}
