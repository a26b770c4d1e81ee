import type { ReactNode } from 'react'
import styles from './EmptyState.module.css'

interface EmptyStateProps {
  readonly title: string
  readonly icon?: ReactNode
  readonly children?: ReactNode
}

/** Says that there is nothing, and what to do about it. */
export function EmptyState({ title, icon, children }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      {icon}
      <b>{title}</b>
      <div className={styles.advice}>{children}</div>
    </div>
  )
}
