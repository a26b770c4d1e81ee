import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { browserslistToTargets } from 'lightningcss'
import browserslist from 'browserslist'
import { defineConfig } from 'vitest/config'
import { bootScript } from './build/boot.ts'
import { oldBrowsers } from './build/browsers.ts'
import { themeVariables } from './build/variables.ts'

const source = fileURLToPath(new URL('./src', import.meta.url))
/** Where `npm run dev` finds a running server; its answers and its stream are passed through. */
const server = process.env['MOCKFORGE_ANALYTICS_URL'] ?? 'http://127.0.0.1:9180'

export default defineConfig({
  // Relative, so that the same files work under any path behind a proxy.
  base: './',
  plugins: [react(), themeVariables(), bootScript(), oldBrowsers()],
  resolve: { alias: { '@': source } },
  css: { lightningcss: { targets: browserslistToTargets(browserslist()) }, transformer: 'lightningcss' },
  build: {
    outDir: '../src/mockforge_analytics/ui_dist',
    emptyOutDir: true,
    target: ['chrome90', 'edge90', 'firefox88', 'safari14'],
    cssTarget: ['chrome90', 'edge90', 'firefox88', 'safari14'],
    chunkSizeWarningLimit: 700,
    // An inlined font or picture would need `data:` in more of the policy.
    assetsInlineLimit: 0,
    // What the first page needs anyway comes as one file, not as one for every set of pages that share it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', test: /src\/main\.tsx$/ }] } } },
  },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/testing/setup.ts'],
    include: ['{src,build}/**/*.test.{ts,tsx}'],
    // A zone that changes its clocks.
    env: { TZ: 'Europe/Berlin' },
    restoreMocks: true,
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
})
