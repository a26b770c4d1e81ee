import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Client } from '@/shared/api/client'
import { useClient } from '@/shared/api/context'
import type { Reports } from '@/shared/api/reports'
import { reportQuery } from './useReport'

export function sessionQuery(client: Client) {
  // Where nobody answers, the reports say so themselves.
  return queryOptions({ ...reportQuery(client, 'session', {}), staleTime: Infinity, gcTime: Infinity, retry: false })
}

/** `asking` until the server has said whom it takes us for; `out` where it wants a token first. */
export type Standing = 'asking' | 'in' | 'out'

export function useStanding(): Standing {
  const { data, isPending } = useQuery(sessionQuery(useClient()))
  if (isPending) return 'asking'
  return data?.authenticated === false ? 'out' : 'in'
}

export function useSession(): Reports['session'] | undefined {
  return useQuery(sessionQuery(useClient())).data
}
