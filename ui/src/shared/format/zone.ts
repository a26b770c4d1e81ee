import { createContext, use } from 'react'
import type { Zone } from './time'

export const ZoneContext = createContext<{ zone: Zone; setZone: (zone: Zone) => void }>({
  zone: 'local',
  setZone: () => undefined,
})

export function useZone(): Zone {
  return use(ZoneContext).zone
}
