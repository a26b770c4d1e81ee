import { useEffect, useId, useRef, useState, type FocusEvent, type PointerEvent, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { place as surroundings } from './place'
import styles from './Tip.module.css'

const REST_MS = 350
const WIDTH = 286
const GAP = 6

interface Place {
  readonly left: number
  readonly top: number
}

function under(element: Element): Place {
  const { left, bottom } = element.getBoundingClientRect()
  const room = document.documentElement.clientWidth - WIDTH - GAP
  return { left: Math.max(GAP, Math.min(left, room)), top: bottom + GAP }
}

interface Tip {
  /** For the button that is explained. */
  readonly props: {
    readonly 'aria-describedby': string
    readonly onPointerEnter: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
    readonly onPointerDown: () => void
    readonly onFocus: (event: FocusEvent) => void
    readonly onBlur: () => void
  }
  /** To be drawn beside it. */
  readonly tip: ReactNode
}

/**
 * Explains a button: under it when a pointer rests on it or the keyboard comes to it, and always for screen readers.
 * It is gone with `Escape`, and as soon as anything scrolls.
 */
export function useTip(sentence: string): Tip {
  const id = useId()
  const [place, setPlace] = useState<Place | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const hide = (): void => {
    clearTimeout(timer.current)
    setPlace(null)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => {
    if (place === null) return undefined
    const end = (event: Event): void => {
      if (!(event instanceof KeyboardEvent) || event.key === 'Escape') setPlace(null)
    }
    window.addEventListener('scroll', end, { capture: true, passive: true })
    window.addEventListener('keydown', end)
    return () => {
      window.removeEventListener('scroll', end, { capture: true })
      window.removeEventListener('keydown', end)
    }
  }, [place])
  const props: Tip['props'] = {
    'aria-describedby': id,
    onPointerEnter: ({ currentTarget, pointerType }) => {
      if (pointerType === 'touch') return
      timer.current = setTimeout(() => setPlace(under(currentTarget)), REST_MS)
    },
    onPointerLeave: hide,
    onPointerDown: hide,
    onFocus: ({ currentTarget }) => {
      if (currentTarget.matches(':focus-visible')) setPlace(under(currentTarget))
    },
    onBlur: hide,
  }
  const tip = (
    <>
      <span id={id} hidden>
        {sentence}
      </span>
      {place !== null &&
        createPortal(
          <div className={styles.tip} style={{ ...place, width: WIDTH }} aria-hidden="true">
            {sentence}
          </div>,
          surroundings(),
        )}
    </>
  )
  return { props, tip }
}
