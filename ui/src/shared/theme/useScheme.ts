import { useComputedColorScheme } from '@mantine/core'
import type { Scheme } from './colours'

/** The scheme on screen; `system` is already resolved. */
export function useScheme(): Scheme {
  return useComputedColorScheme('light', { getInitialValueInEffect: false })
}

/** For `useMantineColorScheme`: its way to stop transitions is a `<style>`, which the policy of the page refuses. */
export const KEEP_TRANSITIONS = { keepTransitions: true } as const
