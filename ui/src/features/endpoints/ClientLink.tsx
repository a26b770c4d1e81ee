import { PageLink } from '@/shared/ui/PageLink'
import { carried } from '@/shared/view/carried'
import { useView } from '@/shared/view/useView'
import styles from './endpoints.module.css'

/** Leads to everything that a client asked. */
export function ClientLink({ address }: { address: string }) {
  const { filters } = useView()
  return (
    <PageLink
      to="/clients"
      change={{ filters: { ...carried(filters, '/clients'), client_ip: [address] } }}
      className={styles.client}
      title={`All requests of ${address}`}
    >
      {address}
    </PageLink>
  )
}
