import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import { spaced } from '@/shared/view/words'
import styles from './Tags.module.css'

/** A category of errors, with the dot of its colour. */
export function Category({ name }: { name: string }) {
  const scheme = useScheme()
  return (
    <span className={styles.category}>
      <span className={styles.dot} style={{ background: colourOf('category', name, scheme) }} />
      {spaced(name)}
    </span>
  )
}
