import { useState } from 'react'

/**
 * The value from when `held` began, for as long as it lasts: a chart does not move under the pointer. Another `key`
 * (another window or filter) lets go at once.
 */
export function useHeld<T>(value: T, held: boolean, key: string): T {
  const [kept, setKept] = useState({ value, key })
  const current = held && kept.key === key ? kept : { value, key }
  if (current.value !== kept.value || current.key !== kept.key) setKept(current)
  return current.value
}
