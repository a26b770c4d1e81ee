import { Button, Drawer } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { SlidersHorizontal } from 'lucide-react'
import { useView } from '@/shared/view/useView'
import { filterCount } from '@/shared/view/view'
import { Controls } from './Controls'
import styles from './filters.module.css'

/** The filters of a phone: one button, and a sheet from below. */
export function FilterSheet() {
  const [open, { open: show, close }] = useDisclosure(false)
  const count = filterCount(useView().filters)
  return (
    <>
      <Button
        variant="default"
        size="xs"
        className={styles.sheetButton}
        leftSection={<SlidersHorizontal size={14} />}
        onClick={show}
      >
        Filters{count > 0 ? ` (${count})` : ''}
      </Button>
      <Drawer
        opened={open}
        onClose={close}
        position="bottom"
        size="auto"
        title="Filters"
        closeButtonProps={{ 'aria-label': 'Close' }}
        lockScroll={false}
      >
        <div className={styles.sheet}>
          <Controls />
        </div>
      </Drawer>
    </>
  )
}
