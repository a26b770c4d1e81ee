import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const SOURCE = fileURLToPath(new URL('../src/boot.js', import.meta.url))

/**
 * Sets the colour scheme before the first paint. It must block, so it is an ordinary script of its own; a policy
 * without `unsafe-inline` rules an inline one out.
 */
export function bootScript(): Plugin {
  const text = readFileSync(SOURCE, 'utf8')
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const fileName = `assets/boot-${hash}.js`
  return {
    name: 'boot-script',
    configureServer(server) {
      server.middlewares.use(`/${fileName}`, (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript')
        response.end(text)
      })
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source: text })
    },
    transformIndexHtml: () => [{ tag: 'script', attrs: { src: `./${fileName}` }, injectTo: 'head-prepend' }],
  }
}
