import type { Scheme } from '@/shared/theme/colours'

/** The colours of tokens.css that a canvas needs, which cannot read variables. */
export interface Ink {
  readonly surface: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly ghost: string
}

const inks: Record<Scheme, Ink> = {
  light: { surface: '#ffffff', text: '#16202c', muted: '#526071', grid: '#e9edf2', ghost: '#7d8b9b' },
  dark: { surface: '#111a24', text: '#e3eaf1', muted: '#a0aebd', grid: '#1b2733', ghost: '#71849a' },
}

export function ink(scheme: Scheme): Ink {
  return inks[scheme]
}

export const FONT = "'Inter Variable', system-ui, sans-serif"
