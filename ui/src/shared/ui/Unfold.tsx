import { cloneElement, Suspense, useEffect, useId, useState, type ReactElement, type ReactNode } from 'react'

export interface ButtonProps {
  readonly 'data-unfold'?: string
  readonly 'aria-haspopup'?: 'menu' | 'dialog'
  readonly 'aria-expanded'?: boolean
  readonly onClick?: () => void
  readonly onPointerEnter?: () => void
  readonly onFocus?: () => void
}

/** What a menu or list gets once it is there. */
export interface Unfolded {
  readonly button: ReactElement<ButtonProps>
  readonly opened: boolean
  readonly onChange: (opened: boolean) => void
}

interface UnfoldProps extends Unfolded {
  readonly kind: 'menu' | 'dialog'
  /** Begins to fetch what will be needed: a pointer or the focus is on the button. */
  readonly onNear: () => void
  /** The menu with its button, from a part of the program that may still have to come. */
  readonly children: (unfolded: Unfolded) => ReactNode
}

/**
 * A button, and what opens from it. The parts that place and draw menus are fetched when the first one is wanted: most
 * people look first.
 */
export function Unfold({ kind, button, opened, onChange, onNear, children }: UnfoldProps) {
  const id = useId()
  const [wanted, setWanted] = useState(false)
  const [there, setThere] = useState(false)
  if (opened && !wanted) setWanted(true)
  const alone = cloneElement(button, {
    'data-unfold': id,
    'aria-haspopup': kind,
    'aria-expanded': opened,
    onClick: () => onChange(!opened),
    onPointerEnter: onNear,
    onFocus: onNear,
  })
  if (!wanted) return alone
  return (
    <Suspense fallback={alone}>
      {children({ button: cloneElement(button, { 'data-unfold': id }), opened: opened && there, onChange })}
      <Arrival id={id} onArrival={setThere} />
    </Suspense>
  )
}

/** The button was made anew together with its menu: it takes the focus of the one before, to be given it back. */
function Arrival({ id, onArrival }: { id: string; onArrival: (there: boolean) => void }) {
  useEffect(() => {
    const focused = document.activeElement
    const free = focused === null || focused === document.body
    if (free) document.querySelector<HTMLElement>(`[data-unfold="${id}"]`)?.focus({ preventScroll: true })
    onArrival(true)
  }, [id, onArrival])
  return null
}
