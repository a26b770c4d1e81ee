import { useCallback } from 'react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { toast } from '@/shared/ui/toast'
import { useView, useViewActions } from '@/shared/view/useView'
import { NONE, withFilter, type Dimension } from '@/shared/view/view'
import { viewParams } from '@/shared/view/window'

/** More values than this do not fit into an address. */
const MOST_VALUES = 50

/** Shows everything but one value: the filter becomes all the others that the window has. */
export function useFilterOut(): (dimension: Dimension, value: string) => Promise<void> {
  const client = useClient()
  const view = useView()
  const { setFilter } = useViewActions()
  return useCallback(
    async (dimension, value) => {
      const chosen = view.filters[dimension]
      const others = { ...view, filters: withFilter(view.filters, dimension, []) }
      try {
        const { values, value_count: total } = await client.get('dimensions', {
          ...viewParams(others),
          dimension,
          limit: MOST_VALUES,
        })
        if (chosen === undefined && total > MOST_VALUES) {
          toast.say(`There are ${total} values: choose the ones to see instead`)
          return
        }
        const all = chosen ?? values.map((item) => String(item.value ?? NONE))
        setFilter(
          withFilter(
            view.filters,
            dimension,
            all.filter((item) => item !== value),
          ),
        )
      } catch (error) {
        const { title, advice } = explain(error)
        toast.fail(title, advice)
      }
    },
    [client, view, setFilter],
  )
}
