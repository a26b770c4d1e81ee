import { useEffect, useRef, useState, type ReactNode } from 'react'

interface LaterProps {
  /** Pixels the content will take, so that nothing moves when it comes. */
  readonly height: number
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** What is further down waits this long for what is in sight. */
const PATIENCE_MS = 3000

/** Content below what is in sight: made when it is scrolled to, or when everything else has had its time. */
export function Later({ height, className, children }: LaterProps) {
  const place = useRef<HTMLDivElement>(null)
  const [wanted, setWanted] = useState(() => typeof IntersectionObserver === 'undefined')
  useEffect(() => {
    const element = place.current
    if (wanted || element === null) return undefined
    const want = (): void => setWanted(true)
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) want()
    })
    observer.observe(element)
    const timer = setTimeout(want, PATIENCE_MS)
    return () => {
      observer.disconnect()
      clearTimeout(timer)
    }
  }, [wanted])
  return wanted ? <>{children}</> : <div ref={place} className={className} style={{ height }} />
}
