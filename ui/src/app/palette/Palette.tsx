import { Modal, TextInput } from '@mantine/core'
import { Search } from 'lucide-react'
import { useId, useState, type KeyboardEvent } from 'react'
import { matching, type Command } from './commands'
import { useCommands } from './useCommands'
import styles from './palette.module.css'

interface PaletteProps {
  readonly onClose: () => void
  readonly onSheet: () => void
}

/** Anything by its name: pages, endpoints, windows, filters. */
export function Palette({ onClose, onSheet }: PaletteProps) {
  const list = useId()
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(0)
  const found = matching(useCommands(typed, onSheet), typed)
  const at = Math.min(active, found.length - 1)
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      const next = (at + step + found.length) % found.length
      setActive(next)
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
    }
    if (event.key === 'Enter') run(found[at])
  }
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      lockScroll={false}
      attributes={{ content: { 'aria-label': 'Search and commands' } }}
    >
      <TextInput
        data-autofocus
        variant="unstyled"
        size="md"
        className={styles.input}
        leftSection={<Search size={16} />}
        placeholder="Page, endpoint, window, filter…"
        aria-label="Search and commands"
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found[at] === undefined ? undefined : `${list}-${at}`}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setActive(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div id={list} role="listbox" aria-label="Commands" className={styles.list}>
        {found.map((command, index) => (
          <Entry
            key={command.key}
            id={`${list}-${index}`}
            command={command}
            title={found[index - 1]?.group === command.group ? null : command.group}
            active={index === at}
            onRun={() => run(command)}
            onPoint={() => setActive(index)}
          />
        ))}
        {found.length === 0 && <p className={styles.nothing}>Nothing is called that</p>}
      </div>
    </Modal>
  )
}

interface EntryProps {
  readonly id: string
  readonly command: Command
  /** The name of a group that begins here. */
  readonly title: string | null
  readonly active: boolean
  readonly onRun: () => void
  readonly onPoint: () => void
}

function Entry({ id, command, title, active, onRun, onPoint }: EntryProps) {
  const Icon = command.icon
  return (
    <>
      {title !== null && (
        <div className={styles.group} role="presentation">
          {title}
        </div>
      )}
      <div
        id={id}
        role="option"
        aria-selected={active}
        tabIndex={-1}
        className={styles.entry}
        onClick={onRun}
        onKeyDown={(event) => event.key === 'Enter' && onRun()}
        onPointerMove={onPoint}
      >
        <Icon size={15} aria-hidden="true" />
        {command.name}
      </div>
    </>
  )
}
