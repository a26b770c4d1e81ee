import type { ErrorComponentProps } from '@tanstack/react-router'
import { LoadError } from '@/shared/api/errors'
import { Failure } from '@/shared/ui/Fallback'

/** Loads the page anew once there is a server again; a reload without one would leave an error of the browser. */
function reload(): void {
  void fetch(document.baseURI).then(
    () => window.location.reload(),
    () => undefined,
  )
}

/** A page that broke; the frame around it keeps working. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const cause = error instanceof Error ? error : new Error(String(error))
  return <Failure error={cause} onRetry={cause instanceof LoadError ? reload : reset} height={320} />
}
