import type { ErrorComponentProps } from '@tanstack/react-router'
import { Failure } from '@/shared/ui/Fallback'

/** A page that broke; the frame around it keeps working. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return <Failure error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} height={320} />
}
