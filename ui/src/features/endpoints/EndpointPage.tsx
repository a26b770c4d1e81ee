import { useSearch } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { Cards } from '@/shared/panels/Cards'
import { ErrorCategoryChart, ErrorRateChart, LatencyChart, StatusRateChart } from '@/shared/panels/Charts'
import { LatestErrors } from '@/shared/panels/LatestErrors'
import { StatusCodes } from '@/shared/panels/StatusCodes'
import { EmptyState } from '@/shared/ui/EmptyState'
import { Method } from '@/shared/ui/Method'
import { PageLink } from '@/shared/ui/PageLink'
import page from '@/shared/ui/Page.module.css'
import { readIdentity } from '@/shared/view/useView'
import { Distribution } from './Distribution'
import { EndpointClients } from './EndpointClients'
import styles from './endpoints.module.css'

/** One endpoint: its charts, status codes, latencies and errors. */
export function EndpointPage() {
  const { path, on, verb } = readIdentity(useSearch({ strict: false }))
  if (path === undefined || on === undefined) {
    return (
      <EmptyState title="Which endpoint?">
        <PageLink to="/endpoints">Choose one from the list</PageLink>
      </EmptyState>
    )
  }
  return (
    <>
      <header className={page.heading}>
        <PageLink to="/endpoints" className={styles.back}>
          <ChevronLeft size={14} aria-hidden="true" />
          Endpoints
        </PageLink>
        <h1 className={styles.title}>
          <Method method={verb ?? null} protocol={on} />
          {path}
        </h1>
        <p>{on}</p>
      </header>
      <Cards />
      <div className={page.grid}>
        <div className={page.half}>
          <StatusRateChart />
        </div>
        <div className={page.half}>
          <LatencyChart />
        </div>
        <div className={page.half}>
          <ErrorRateChart />
        </div>
        <div className={page.half}>
          <ErrorCategoryChart />
        </div>
        <Distribution className={page.wide} />
        <div className={page.narrow}>
          <StatusCodes />
        </div>
        <EndpointClients path={path} byMethod={verb !== undefined} className={page.full} />
        <LatestErrors className={page.full} onEndpoint />
      </div>
    </>
  )
}
