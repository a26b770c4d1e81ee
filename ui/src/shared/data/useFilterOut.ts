import { useCallback } from 'react'
import { useClient } from '@/shared/api/context'
import { explain } from '@/shared/api/errors'
import { quantity } from '@/shared/format/numbers'
import { toast } from '@/shared/ui/toast'
import { useView, useViewActions } from '@/shared/view/useView'
import { DIMENSIONS, NONE, withFilter, type Dimension } from '@/shared/view/view'
import { valueName } from '@/shared/view/words'
import { viewParams } from '@/shared/view/window'

/** More values than this do not fit into an address. */
const MOST_VALUES = 50

/**
 * Shows everything but one value: the filter becomes all the others that are on screen, and a message says so. A value
 * that comes up later is not among them.
 */
export function useFilterOut(): (dimension: Dimension, value: string) => Promise<void> {
  const client = useClient()
  const view = useView()
  const { setFilter } = useViewActions()
  return useCallback(
    async (dimension, value) => {
      const name = valueName(dimension, value)
      try {
        const params = { ...viewParams(view), dimension, limit: MOST_VALUES }
        const { values, value_count: total } = await client.get('dimensions', params)
        const others = values.map((item) => String(item.value ?? NONE)).filter((item) => item !== value)
        if (total > MOST_VALUES) {
          toast.say(`There are ${total} values: choose the ones to see instead`)
        } else if (others.length === 0) {
          toast.say(`There is nothing but ${name} on screen`)
        } else {
          setFilter(withFilter(view.filters, dimension, others))
          const what = quantity(others.length, 'other value')
          toast.say(`Without ${name}: ${DIMENSIONS[dimension]} is now ${what}, as seen in this window`)
        }
      } catch (error) {
        const { title, advice } = explain(error)
        toast.fail(title, advice)
      }
    },
    [client, view, setFilter],
  )
}
