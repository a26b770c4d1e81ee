import type { Status } from '@/shared/api/reports'
import { bytes, count, quantity, text, UNKNOWN } from '@/shared/format/numbers'
import { length } from '@/shared/format/time'
import { useZone } from '@/shared/format/zone'
import { Panel } from '@/shared/ui/Panel'
import { moment } from '@/shared/view/words'
import styles from './sources.module.css'

/** The server and its database file. */
export function ServerFacts({ status }: { status: Status }) {
  const zone = useZone()
  const { database, queue } = status
  const facts: readonly (readonly [string, string])[] = [
    ['Version', status.version],
    ['Running for', length(status.uptime_seconds)],
    ['Database', database.name],
    ['Size', `${text(bytes(database.database_bytes))} + ${text(bytes(database.wal_bytes))} log`],
    ['Oldest request', database.first === null ? UNKNOWN : moment(database.first, zone)],
    ['Newest request', database.last === null ? UNKNOWN : moment(database.last, zone)],
    ['Newest commit', count(database.commit)],
    ['Waiting to be written', queue === null ? 'read only' : quantity(queue.requests, 'request')],
    ['Overflowed hours', count(status.overflowed.length)],
  ]
  return (
    <Panel title="Server">
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={value}>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
