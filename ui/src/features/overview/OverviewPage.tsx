import { Cards } from '@/shared/panels/Cards'
import { Charts } from '@/shared/panels/Charts'
import { StatusCodes } from '@/shared/panels/StatusCodes'
import { Errors } from './ErrorGroups'
import { Protocols } from './Protocols'
import { Later } from '@/shared/ui/Later'
import { lazy, Suspense } from 'react'
import styles from '@/shared/ui/Page.module.css'
import { load } from '@/shared/ui/load'

const TopEndpoints = lazy(() =>
  load(() => import('./TopEndpoints')).then((module) => ({ default: module.TopEndpoints })),
)
const Heatmap = lazy(() =>
  load(() => import('@/shared/heatmap/Heatmap')).then((module) => ({ default: module.Heatmap })),
)

const TOP_PIXELS = 394
const ERROR_PIXELS = 500
const HEATMAP_PIXELS = 290

/** Is anything wrong? What, where, since when? */
export function OverviewPage() {
  return (
    <>
      <h1 className="visually-hidden">Analytics dashboard</h1>
      <Cards />
      <div className={styles.grid}>
        <Charts />
        <Later height={TOP_PIXELS} className={styles.full}>
          <Suspense fallback={<div className={styles.wide} style={{ height: TOP_PIXELS }} />}>
            <TopEndpoints className={styles.wide} />
          </Suspense>
          <div className={styles.narrow}>
            <StatusCodes />
            <Protocols />
          </div>
        </Later>
        <Later height={ERROR_PIXELS} className={styles.full}>
          <Errors className={styles.half} />
        </Later>
        <Later height={HEATMAP_PIXELS} className={styles.full}>
          <Suspense fallback={<div className={styles.full} style={{ height: HEATMAP_PIXELS }} />}>
            <Heatmap className={styles.full} days={28} />
          </Suspense>
        </Later>
      </div>
    </>
  )
}
