import { Kbd, Modal } from '@mantine/core'
import { PAGES } from '../pages'
import styles from './palette.module.css'

const GROUPS: readonly (readonly [title: string, keys: readonly (readonly [keys: string, what: string])[]])[] = [
  [
    'Window',
    [
      ['1 – 7', 'last 5 min, 15 min, 1 h, 6 h, 24 h, 7 d, 30 d'],
      ['← →', 'earlier, later'],
      ['− +', 'wider, narrower'],
      ['Esc', 'back to before the zoom'],
      ['C', 'compare with the period before'],
      ['R', 'refresh'],
      ['L', 'live or paused'],
    ],
  ],
  [
    'Everywhere',
    [
      ['Ctrl K', 'search and commands (⌘ K on a Mac)'],
      ['/', 'search endpoints'],
      ['E', 'export'],
      ['T', 'light or dark'],
      ['?', 'this sheet'],
    ],
  ],
  ['Pages', PAGES.map((page) => [`G ${page.key.toUpperCase()}`, page.title.toLowerCase()] as const)],
  [
    'On a chart',
    [
      ['← →', 'move the crosshair'],
      ['Home End', 'to its ends'],
      ['Enter', 'zoom in there'],
      ['drag', 'zoom into what is marked'],
      ['double click', 'step back'],
    ],
  ],
]

export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title="Keyboard shortcuts"
      closeButtonProps={{ 'aria-label': 'Close' }}
      size="lg"
      lockScroll={false}
    >
      <div className={styles.groups}>
        {GROUPS.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key + what} className={styles.shortcut}>
                  <dt>
                    <Kbd size="xs">{key}</Kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
