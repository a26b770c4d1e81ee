import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { carried } from './carried'
import { toSearch } from './search'
import { useView } from './useView'

interface Endpoint {
  readonly endpoint: string
  readonly protocol: string
  readonly method: string | null
}

/** Goes to the page of an endpoint, with the view on screen. */
export function useOpenEndpoint(): (endpoint: Endpoint) => void {
  const view = useView()
  const navigate = useNavigate()
  return useCallback(
    ({ endpoint, protocol, method }) => {
      const about = { path: endpoint, on: protocol, ...(method === null ? {} : { verb: method }) }
      const kept = { ...view, filters: carried(view.filters, '/endpoint') }
      void navigate({ to: '/endpoint', search: { ...toSearch(kept), ...about } })
    },
    [navigate, view],
  )
}
