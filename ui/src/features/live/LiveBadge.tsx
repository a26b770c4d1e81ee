import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useZone } from '@/shared/format/zone'
import { useStream, useStreamState } from '@/shared/live/useLive'
import type { Mode } from '@/shared/live/stream'
import { Choice } from '@/shared/ui/Choice'
import { useScope } from '@/shared/view/useView'
import { isMoving } from '@/shared/view/view'
import { badge } from './badge'
import styles from './LiveBadge.module.css'

const TICK_MS = 500

function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

const modes: readonly (readonly [Mode, string])[] = [
  ['live', 'Live: as it happens'],
  ['polling', 'Every 30 seconds'],
  ['paused', 'Paused: hold everything still'],
]

/** How fresh the figures are, and the switch for it. */
export function LiveBadge() {
  const stream = useStream()
  const state = useStreamState()
  const moving = isMoving(useScope().range)
  const zone = useZone()
  const now = useNow()
  const { tone, words, spoken, why } = badge(state, moving, now, zone)
  return (
    <>
      <Choice title="Updates" options={modes} value={state.mode} onChange={(mode) => stream.setMode(mode)}>
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          className={styles.badge}
          data-tone={tone}
          title={why}
          // What is read out must hold what is seen; the words that change little are in the status below.
          aria-label={`Updates: ${words}`}
        >
          <span className={styles.dot} />
          <span className={styles.words}>{words}</span>
        </Button>
      </Choice>
      <span className="visually-hidden" role="status">
        {spoken}
      </span>
    </>
  )
}
