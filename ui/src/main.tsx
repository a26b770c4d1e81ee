import './app/styles'
import { createBrowserHistory } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { makeRouter } from './app/router'
import { createServices } from './app/services'

// Every page is one step below the folder that holds them all, whatever the path in front of it.
const base = new URL('.', document.baseURI)
// Where it is relative it would move with the address, that of a page two steps below to somewhere else.
document.querySelector('base')?.setAttribute('href', base.href)
const services = createServices(base)
const router = makeRouter(createBrowserHistory(), base.pathname)
const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no element #root')
createRoot(place).render(
  <StrictMode>
    <App services={services} router={router} />
  </StrictMode>,
)
