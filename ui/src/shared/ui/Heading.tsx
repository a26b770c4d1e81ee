import type { ReactNode } from 'react'
import styles from './Page.module.css'

export function Heading({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <header className={styles.heading}>
      <h1>{title}</h1>
      {hint !== undefined && <p>{hint}</p>}
      {children}
    </header>
  )
}
