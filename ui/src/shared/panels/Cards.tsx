import { useMemo } from 'react'
import type { Overview } from '@/shared/api/reports'
import { useLatencyTrend, useOverview, useProtocolSeries } from '@/shared/data/useFigures'
import { useComparison } from '@/shared/data/useReport'
import { Card, levelOf } from '@/shared/ui/Card'
import { change } from '@/shared/ui/change'
import { useScope } from '@/shared/view/useView'
import { against } from '@/shared/view/words'
import type { CardKind, CourseName } from './cardKind'
import { LARGE, SMALL } from './cards'
import { MEANINGS } from './cardTexts'
import { latencyCourse, requestCourses } from './courses'
import styles from './Cards.module.css'

type Courses = Readonly<Record<CourseName, readonly (number | null)[]>>

function useCourses(): Courses {
  const series = useProtocolSeries().data?.items
  const trends = useLatencyTrend().data?.items
  return useMemo(() => {
    const latency = trends ?? []
    return {
      ...requestCourses(series ?? []),
      avg: latencyCourse(latency, 'avg'),
      p50: latencyCourse(latency, 'p50'),
      p95: latencyCourse(latency, 'p95'),
      p99: latencyCourse(latency, 'p99'),
    }
  }, [series, trends])
}

interface FigureCardProps {
  readonly kind: CardKind
  readonly now: Overview | undefined
  readonly before: Overview | undefined
  readonly courses: Courses
  readonly size: 'large' | 'small'
}

function FigureCard({ kind, now, before, courses, size }: FigureCardProps) {
  const view = useScope()
  const value = now === undefined ? null : kind.read(now)
  const earlier = before === undefined || before.total_requests === 0 ? null : kind.read(before)
  return (
    <Card
      label={kind.label}
      icon={kind.icon}
      figure={now === undefined ? undefined : kind.format(value)}
      level={levelOf(value, kind.thresholds)}
      change={change(value, earlier, kind.better)}
      against={against(view)}
      course={kind.course === undefined || size === 'small' ? undefined : courses[kind.course]}
      meaning={MEANINGS[kind.key]}
      anchor={kind.anchor}
      size={size}
    />
  )
}

/** The figures of the window at a glance. */
export function Cards() {
  const { data, isPlaceholderData } = useOverview()
  const { data: before } = useComparison('overview')
  const courses = useCourses()
  const shared = { now: data, before, courses }
  return (
    <section className={styles.cards} aria-label="Figures" data-stale={isPlaceholderData || undefined}>
      <div className={styles.large}>
        {LARGE.map((kind) => (
          <FigureCard key={kind.key} kind={kind} size="large" {...shared} />
        ))}
      </div>
      <div className={styles.small}>
        {SMALL.map((kind) => (
          <FigureCard key={kind.key} kind={kind} size="small" {...shared} />
        ))}
      </div>
    </section>
  )
}
