import { useComputedColorScheme } from '@mantine/core'
import type { Scheme } from './colours'

/** The scheme on screen; `system` is already resolved. */
export function useScheme(): Scheme {
  return useComputedColorScheme('light', { getInitialValueInEffect: false })
}
