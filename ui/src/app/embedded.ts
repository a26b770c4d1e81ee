import { createContext } from 'react'

/** Whether the dashboard is a part of somebody else's page. */
export const EmbeddedContext = createContext(false)
