import { UNKNOWN } from '@/shared/format/numbers'
import { statusText } from '@/shared/format/status'
import { colourOf } from '@/shared/theme/colours'
import { useScheme } from '@/shared/theme/useScheme'
import styles from './Tags.module.css'

/** A status code in the colour of its class. */
export function StatusCode({ code }: { code: number | null }) {
  const scheme = useScheme()
  if (code === null) return <span className={styles.unknown}>{UNKNOWN}</span>
  return (
    <span className={styles.status} title={statusText(code)}>
      <span className={styles.dot} style={{ background: colourOf('status', String(code), scheme) }} />
      {code}
    </span>
  )
}
