import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
    // A hang ends; a slow machine is no failure.
    testTimeout: 60_000,
    // Of the oracles only what needs neither root nor tools: podwire against the recordings of a kernel.
    exclude: ['test/oracle/!(compare|facts|podwire).test.ts', 'node_modules/**'],
  },
})
