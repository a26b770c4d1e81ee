import { useSyncExternalStore } from 'react'
import { crosshair, type Pointed } from './crosshair'

export function useCrosshair(): Pointed | null {
  return useSyncExternalStore(crosshair.subscribe, crosshair.read)
}
