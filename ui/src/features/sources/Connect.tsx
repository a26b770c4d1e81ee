import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useClient } from '@/shared/api/context'
import { CopyButton } from '@/shared/ui/CopyButton'
import { Panel } from '@/shared/ui/Panel'
import { guides } from './guides'
import styles from './sources.module.css'

/** How to send something here, with commands that already hold this server's address. */
export function Connect({ className }: { className?: string | undefined }) {
  const { root } = useClient()
  const all = guides(new URL('../../../', root).href)
  const [key, setKey] = useState(all[0]?.key ?? '')
  const guide = all.find((item) => item.key === key)
  return (
    <Panel title="Connect a source" className={className}>
      <div className={styles.connect}>
        {/* A box of its own scrolls on phones: the control measures where its mark goes from its own edge. */}
        <div className={styles.kinds}>
          <SegmentedControl
            size="xs"
            aria-label="Kind of source"
            data={all.map((item) => ({ value: item.key, label: item.title }))}
            value={key}
            onChange={setKey}
          />
        </div>
        {guide !== undefined && (
          <>
            <p>{guide.words}</p>
            <div className={styles.code}>
              <pre tabIndex={0} role="group" aria-label={`Commands for ${guide.title}`}>
                {guide.code}
              </pre>
              <CopyButton value={guide.code} what="commands" />
            </div>
          </>
        )}
      </div>
    </Panel>
  )
}
