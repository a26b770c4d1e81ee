import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import styles from './Tags.module.css'

/** A method in its colour; where there is none, the protocol takes its place. */
export function Method({ method, protocol }: { method: string | null; protocol: string }) {
  const scheme = useScheme()
  const colour = method === null ? colourOf('protocol', protocol, scheme) : colourOf('method', method, scheme)
  return (
    <span className={styles.method} style={{ color: colour }}>
      {method ?? protocol}
    </span>
  )
}
