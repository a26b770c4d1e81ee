import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { oldBrowsers } from './build/browsers.ts'
import { themeVariables } from './build/variables.ts'

/** `AnalyticsDashboardV2` as a library: React comes from the application that uses it. */
export default defineConfig({
  plugins: [react(), themeVariables(), oldBrowsers()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  build: {
    outDir: 'dist-embed',
    target: ['chrome90', 'edge90', 'firefox88', 'safari14'],
    lib: { entry: 'src/embed.tsx', formats: ['es'], fileName: 'mockforge-analytics-dashboard' },
    rolldownOptions: { external: ['react', 'react-dom', 'react-dom/client', 'react/jsx-runtime'] },
  },
})
