import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, esmExternalRequirePlugin } from 'vite'
import { oldBrowsers } from './build/browsers.ts'
import { scopedStyles } from './build/scope.ts'
import { themeVariables } from './build/variables.ts'

const REACT = ['react', 'react-dom', 'react-dom/client', 'react/jsx-runtime']

/** `AnalyticsDashboardV2` as a library: React comes from the application that uses it. */
export default defineConfig({
  // Libraries of ours that call `require('react')` import it instead: a browser has no `require`.
  plugins: [react(), scopedStyles(), themeVariables(), oldBrowsers(), esmExternalRequirePlugin({ external: REACT })],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  build: {
    outDir: 'dist-embed',
    target: ['chrome90', 'edge90', 'firefox88', 'safari14'],
    lib: { entry: 'src/embed.tsx', formats: ['es'], fileName: 'mockforge-analytics-dashboard' },
  },
})
