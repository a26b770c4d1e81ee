import { useQueryClient, type Query } from '@tanstack/react-query'
import { useEffect } from 'react'
import { follow } from '@/shared/live/follow'
import { useStream } from '@/shared/live/useLive'

/** Marks queries about the window on screen, which must not say other than the stream does. */
export const FOLLOWS = { follows: true } as const

interface Answered {
  readonly meta?: { readonly commit: number }
  readonly pages?: readonly Answered[]
}

/** Whether the answer is from before `commit`. Of a list with pages only the first is asked for again. */
function isBehind({ meta, state }: Query, commit: number): boolean {
  const answer = state.data as Answered | undefined
  if (meta?.['follows'] !== true || answer === undefined) return false
  const first = answer.pages === undefined ? answer : answer.pages.length === 1 ? answer.pages[0] : undefined
  return first?.meta !== undefined && first.meta.commit < commit
}

/** Asks anew for what the stream does not carry, whenever it has brought something. Used once, by the frame. */
export function useFollow(): void {
  const stream = useStream()
  const queries = useQueryClient()
  useEffect(
    () =>
      follow(stream, (commit) =>
        queries.refetchQueries(
          { type: 'active', predicate: (query) => isBehind(query, commit) },
          { cancelRefetch: false },
        ),
      ),
    [stream, queries],
  )
}
