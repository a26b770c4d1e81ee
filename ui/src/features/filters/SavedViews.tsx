import { ActionIcon, Menu } from '@mantine/core'
import { Bookmark } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { load } from '@/shared/ui/load'

const SavedList = lazy(() => load(() => import('./SavedList')).then((module) => ({ default: module.SavedList })))

/** Views with a name, kept in this browser. */
export function SavedViews() {
  return (
    <Menu position="bottom-end" withinPortal width={280} closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="Remembered views" title="Remembered views">
          <Bookmark size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Suspense fallback={<div style={{ height: 60 }} />}>
          <SavedList />
        </Suspense>
      </Menu.Dropdown>
    </Menu>
  )
}
