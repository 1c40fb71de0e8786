import { defineConfig } from 'vitest/config'

// The oracles build network namespaces and open real sockets: one file at a time, with time to do it.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/oracle/**/*.test.ts'],
    // Those run everywhere, in the main suite.
    exclude: ['test/oracle/{compare,facts,podwire}.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
