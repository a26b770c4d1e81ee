import type { LucideIcon } from 'lucide-react'
import { CalendarDays, Contrast, Download, Filter, Keyboard, Pause, Route } from 'lucide-react'

export interface Command {
  readonly key: string
  readonly group: 'Go to' | 'Window' | 'Filter' | 'Endpoints' | 'Do'
  readonly name: string
  readonly icon: LucideIcon
  readonly run: () => void
}

export const ICONS = {
  window: CalendarDays,
  filter: Filter,
  endpoint: Route,
  theme: Contrast,
  export: Download,
  live: Pause,
  keys: Keyboard,
} satisfies Record<string, LucideIcon>

/** Commands whose name holds all words of `typed`, in whatever order. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return commands.filter((command) =>
    words.every((word) => `${command.group} ${command.name}`.toLowerCase().includes(word)),
  )
}
