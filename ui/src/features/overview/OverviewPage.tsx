import { Heatmap } from '@/shared/heatmap/Heatmap'
import { Cards } from '@/shared/panels/Cards'
import { Charts } from '@/shared/panels/Charts'
import { LatestErrors } from '@/shared/panels/LatestErrors'
import { StatusCodes } from '@/shared/panels/StatusCodes'
import { ErrorGroups } from './ErrorGroups'
import { Protocols } from './Protocols'
import { TopEndpoints } from './TopEndpoints'
import styles from '@/shared/ui/Page.module.css'

/** Is anything wrong? What, where, since when? */
export function OverviewPage() {
  return (
    <>
      <h1 className="visually-hidden">Analytics dashboard</h1>
      <Cards />
      <div className={styles.grid}>
        <Charts />
        <TopEndpoints className={styles.wide} />
        <div className={styles.narrow}>
          <StatusCodes />
          <Protocols />
        </div>
        <ErrorGroups className={styles.half} />
        <LatestErrors className={styles.half} />
        <Heatmap className={styles.full} days={28} />
      </div>
    </>
  )
}
