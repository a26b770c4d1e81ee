import { Button, Menu, TextInput } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useZone } from '@/shared/format/zone'
import { MenuBox } from '@/shared/ui/MenuBox'
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
  return (
    <MenuBox {...unfolded} width={280} closeOnItemClick={false}>
      {views.length > 0 && <Menu.Label>Remembered</Menu.Label>}
      {views.map((item) => (
        <div key={item.name} className={styles.saved}>
          <Menu.Item onClick={() => change(item.view)}>{item.name}</Menu.Item>
          <Menu.Item
            className={styles.forget}
            aria-label={`Forget ${item.name}`}
            onClick={() => setViews(views.filter((other) => other !== item))}
          >
            <Trash2 size={13} />
          </Menu.Item>
        </div>
      ))}
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
          // The menu would take letters as a search among its items.
          onKeyDown={(event) => event.stopPropagation()}
        />
        <Button type="submit" size="xs">
          Remember
        </Button>
      </form>
    </MenuBox>
  )
}
