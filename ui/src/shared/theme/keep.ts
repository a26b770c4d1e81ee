/** Mantine would switch transitions off with a `<style>` element while the scheme changes, which the policy refuses. */
export const KEEP = { keepTransitions: true } as const
