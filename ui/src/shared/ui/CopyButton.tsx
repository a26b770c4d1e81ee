import { ActionIcon } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { Check, Copy } from 'lucide-react'

const SHOWN_MS = 1500

/** Copies `value`; `what` names it to those who do not see it. */
export function CopyButton({ value, what }: { value: string; what: string }) {
  const clipboard = useClipboard({ timeout: SHOWN_MS })
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={`Copy ${what}`}
      onClick={() => clipboard.copy(value)}
    >
      {clipboard.copied ? <Check size={13} /> : <Copy size={13} />}
    </ActionIcon>
  )
}
