import { Heatmap } from '@/shared/heatmap/Heatmap'
import { Heading } from '@/shared/ui/Heading'
import page from '@/shared/ui/Page.module.css'
import { HOURLY_DAYS, HoursOfDay, Weekdays } from './Patterns'
import { PeakCards } from './PeakCards'
import { MethodRate } from './MethodRate'

/** When traffic comes: peaks, the rhythm of days and hours. */
export function TrafficPage() {
  return (
    <>
      <Heading title="Traffic" hint="When it comes, and how much at once." />
      <PeakCards />
      <div className={page.grid}>
        <Heatmap className={page.full} days={HOURLY_DAYS} />
        <div className={page.half}>
          <HoursOfDay />
        </div>
        <div className={page.half}>
          <Weekdays />
        </div>
        <div className={page.full}>
          <MethodRate />
        </div>
      </div>
    </>
  )
}
