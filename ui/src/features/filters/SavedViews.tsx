import { Button } from '@mantine/core'
import { Bookmark } from 'lucide-react'
import { lazy, useState } from 'react'
import { load, near } from '@/shared/ui/load'
import { Unfold } from '@/shared/ui/Unfold'
import styles from './filters.module.css'

const part = () => import('./SavedList').then((module) => ({ default: module.SavedList }))
const SavedList = lazy(() => load(part))

/** Views with a name, kept in this browser. */
export function SavedViews() {
  const [opened, setOpened] = useState(false)
  const button = (
    <Button variant="default" size="xs" className={styles.views} aria-label="Remembered views" title="Remembered views">
      <Bookmark size={14} />
      <span className={styles.viewsName}>Remembered views</span>
    </Button>
  )
  return (
    <Unfold kind="dialog" button={button} opened={opened} onChange={setOpened} onNear={near(part)}>
      {(unfolded) => <SavedList {...unfolded} />}
    </Unfold>
  )
}
