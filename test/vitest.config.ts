import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
    // Of the oracles only what needs neither root nor tools: podwire against the recordings of a kernel.
    exclude: ['test/oracle/!(compare|facts|podwire).test.ts', 'node_modules/**'],
  },
})
