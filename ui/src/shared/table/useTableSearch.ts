import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { readSort, writeSort, type Sort } from './columns'

interface TableSearch {
  readonly q: string | undefined
  readonly sort: Sort
  readonly setSort: (sort: Sort) => void
  readonly setSearch: (text: string) => void
}

/** What a page's table is searched for and sorted by, kept in the address. */
export function useTableSearch(usual: Sort): TableSearch {
  const search: { q?: string; sort?: string } = useSearch({ strict: false })
  const navigate = useNavigate()
  const { id, descending } = usual
  const sort = useMemo(() => readSort(search.sort, { id, descending }), [search.sort, id, descending])
  return useMemo(() => {
    const set = (part: Record<string, string | undefined>): void => {
      void navigate({
        to: '.',
        search: (before: Record<string, unknown>) => ({ ...before, ...part }),
        replace: true,
        resetScroll: false,
      })
    }
    return {
      q: search.q,
      sort,
      setSort: (next) => set({ sort: next.id === id && next.descending === descending ? undefined : writeSort(next) }),
      setSearch: (text) => set({ q: text === '' ? undefined : text }),
    }
  }, [search.q, sort, navigate, id, descending])
}
