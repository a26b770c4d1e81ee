import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { toast } from './toast'
import styles from './Toasts.module.css'

export function Toasts() {
  const toasts = useSyncExternalStore(toast.subscribe, toast.read)
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {toasts.map(({ id, title, message, tone }) => (
        <div key={id} className={styles.toast} data-tone={tone}>
          <div>
            {title !== undefined && <b>{title}</b>}
            <p>{message}</p>
          </div>
          <button type="button" onClick={() => toast.dismiss(id)} aria-label="Dismiss">
            <X size={13} />
          </button>
        </div>
      ))}
    </div>
  )
}
