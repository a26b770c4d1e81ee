/** Sent to the window by shortcuts and the palette, for parts that keep their own state. */
export const OPEN_EXPORT = 'mockforge-analytics:export'
export const FOCUS_SEARCH = 'mockforge-analytics:search'
