import { Button, TextInput } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useZone } from '@/shared/format/zone'
import { ListBox } from '@/shared/ui/ListBox'
import type { Unfolded } from '@/shared/ui/Unfold'
import { useView, useViewActions } from '@/shared/view/useView'
import { filterWords, rangeName } from '@/shared/view/words'
import { deserialize, SAVED_VIEWS_KEY, serialize, type SavedView } from './savedViews'
import styles from './filters.module.css'

/** The views to go back to, and a field to name the one on screen. */
export function SavedList(unfolded: Unfolded) {
  const [views, setViews] = useLocalStorage<SavedView[]>({
    key: SAVED_VIEWS_KEY,
    defaultValue: [],
    serialize,
    deserialize,
  })
  const view = useView()
  const { change } = useViewActions()
  const zone = useZone()
  const [name, setName] = useState('')
  const usual = [rangeName(view.range, zone), ...filterWords(view)].join(', ')
  const save = (): void => {
    const called = name.trim() || usual
    setViews([...views.filter((item) => item.name !== called), { name: called, view }])
    setName('')
  }
  const go = (item: SavedView): void => {
    change(item.view)
    unfolded.onChange(false)
  }
  return (
    <ListBox {...unfolded} position="bottom-end">
      <div className={styles.savedList}>
        {views.length > 0 && (
          <ul aria-label="Remembered views">
            {views.map((item) => (
              <li key={item.name} className={styles.saved}>
                <button type="button" onClick={() => go(item)}>
                  {item.name}
                </button>
                <button
                  type="button"
                  className={styles.forget}
                  aria-label={`Forget ${item.name}`}
                  onClick={() => setViews(views.filter((other) => other !== item))}
                >
                  <Trash2 size={13} />
                </button>
              </li>
            ))}
          </ul>
        )}
        <form
          className={styles.saveForm}
          onSubmit={(event) => {
            event.preventDefault()
            save()
          }}
        >
          <TextInput
            size="xs"
            aria-label="Name of this view"
            placeholder={usual}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="xs">
            Remember
          </Button>
        </form>
      </div>
    </ListBox>
  )
}
