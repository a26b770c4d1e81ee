import { useQuery } from '@tanstack/react-query'
import { useClient } from '@/shared/api/context'
import type { Reports } from '@/shared/api/reports'
import { reportQuery } from './useReport'

/** Whom the server takes us for; undefined until it has said so. */
export function useSession(): Reports['session'] | undefined {
  return useQuery({ ...reportQuery(useClient(), 'session', {}), staleTime: Infinity }).data
}
