import type { ErrorEvent } from '@/shared/api/reports'
import { UNKNOWN } from '@/shared/format/numbers'
import type { Zone } from '@/shared/format/time'
import type { Column } from '@/shared/table/columns'
import { EndpointLink } from '@/shared/ui/EndpointLink'
import { StatusCode } from '@/shared/ui/StatusCode'
import { moment, spaced } from '@/shared/view/words'
import styles from './errors.module.css'

function seconds(event: ErrorEvent): number {
  return Date.parse(event.timestamp) / 1000
}

/** The columns of single errors; the time opens all there is to know about one. */
export function eventColumns(zone: Zone, open: (event: ErrorEvent) => void): Column<ErrorEvent>[] {
  return [
    {
      id: 'time',
      title: 'Time',
      width: '118px',
      phone: true,
      value: seconds,
      cell: (event) => (
        <button type="button" className={styles.name} onClick={() => open(event)} title="Show all of it">
          {moment(seconds(event), zone)}
        </button>
      ),
    },
    {
      id: 'status',
      title: 'Status',
      width: '76px',
      value: (event) => event.status_code,
      cell: (event) => <StatusCode code={event.status_code} />,
    },
    {
      id: 'endpoint',
      title: 'Endpoint',
      phone: 'line',
      value: (event) => event.endpoint,
      cell: (event) => <EndpointLink endpoint={event.endpoint} protocol={event.protocol} method={event.method} />,
    },
    {
      id: 'type',
      title: 'Error',
      phone: true,
      width: '180px',
      value: (event) => event.error_type,
      cell: (event) => spaced(event.error_type ?? 'unknown'),
    },
    {
      id: 'message',
      title: 'Message',
      value: (event) => event.error_message,
      cell: (event) => (
        <span className={styles.where} title={event.error_message ?? undefined}>
          {event.error_message ?? UNKNOWN}
        </span>
      ),
    },
    {
      id: 'client',
      title: 'Client',
      width: '140px',
      value: (event) => event.client_ip,
      cell: (event) => event.client_ip ?? UNKNOWN,
    },
  ]
}
