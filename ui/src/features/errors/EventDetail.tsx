import { Drawer } from '@mantine/core'
import type { ErrorEvent } from '@/shared/api/reports'
import { CopyButton } from '@/shared/ui/CopyButton'
import { time, zoneName } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { EndpointLink } from '@/shared/ui/EndpointLink'
import { spaced } from '@/shared/view/words'
import styles from './errors.module.css'

const FIELDS: readonly (readonly [keyof ErrorEvent, string])[] = [
  ['timestamp', 'Time in UTC'],
  ['error_message', 'Message'],
  ['error_category', 'Category'],
  ['status_code', 'Status'],
  ['protocol', 'Protocol'],
  ['method', 'Method'],
  ['endpoint', 'Endpoint'],
  ['request_id', 'Request ID'],
  ['trace_id', 'Trace ID'],
  ['span_id', 'Span ID'],
  ['client_ip', 'Client'],
  ['user_agent', 'User agent'],
  ['workspace_id', 'Workspace'],
  ['environment', 'Environment'],
]

/** All that is known of one error. */
export function EventDetail({ event, onClose }: { event: ErrorEvent | null; onClose: () => void }) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
      title={event === null ? '' : spaced(event.error_type ?? 'unknown error')}
      lockScroll={false}
    >
      {event !== null && <Fields event={event} />}
    </Drawer>
  )
}

function Value({ name, value, event }: { name: keyof ErrorEvent; value: string; event: ErrorEvent }) {
  if (name === 'endpoint') return <EndpointLink endpoint={value} protocol={event.protocol} method={event.method} />
  return name === 'error_category' ? spaced(value) : value
}

function Fields({ event }: { event: ErrorEvent }) {
  const zone = useZone()
  const known = FIELDS.flatMap(([key, name]) => {
    const value = event[key]
    return value === null || typeof value === 'object' ? [] : [{ key, name, value: String(value) }]
  })
  return (
    <dl className={styles.detail}>
      {zone !== 'utc' && (
        <div>
          <dt>Time</dt>
          <dd>
            {time(Date.parse(event.timestamp) / 1000, 'full', zone)} <small>{zoneName(zone)}</small>
          </dd>
        </div>
      )}
      {known.map(({ key, name, value }) => (
        <div key={key}>
          <dt>{name}</dt>
          <dd>
            <Value name={key} value={value} event={event} />
            <CopyButton value={value} what={name} />
          </dd>
        </div>
      ))}
      {event.metadata !== null && (
        <div>
          <dt>Metadata</dt>
          <dd>
            <pre>{JSON.stringify(event.metadata, null, 2)}</pre>
            <CopyButton value={JSON.stringify(event.metadata)} what="metadata" />
          </dd>
        </div>
      )}
    </dl>
  )
}
