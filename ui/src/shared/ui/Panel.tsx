import { useId, type ReactNode } from 'react'
import styles from './Panel.module.css'

interface PanelProps {
  readonly title: string
  readonly hint?: ReactNode
  readonly actions?: ReactNode
  /** For links to this part of the page. */
  readonly anchor?: string | undefined
  /** The figures belong to another window than the one asked for; the right ones are on their way. */
  readonly stale?: boolean
  /** The content reaches to the edges. */
  readonly flush?: boolean
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** One part of a page: a titled surface. */
export function Panel({ title, hint, actions, anchor, stale = false, flush = false, className, children }: PanelProps) {
  const label = useId()
  return (
    <section
      id={anchor}
      className={`${styles.panel ?? ''} ${className ?? ''}`}
      aria-labelledby={label}
      aria-busy={stale || undefined}
    >
      <header className={styles.head}>
        <h2 id={label}>{title}</h2>
        {hint !== undefined && <span className={styles.hint}>{hint}</span>}
        <div className={styles.actions}>{actions}</div>
      </header>
      <div className={flush ? styles.flush : styles.body} data-stale={stale || undefined}>
        {children}
      </div>
    </section>
  )
}
