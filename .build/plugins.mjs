// What the bundle does otherwise than the packages in it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Ink waits, at the top level, for its developer tools when DEV is set. The program neither carries them nor waits. */
export const withoutDevtools = {
  name: 'without-devtools',
  setup(build) {
    build.onLoad({ filter: /[\\/]ink[\\/]build[\\/]reconciler\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace("await import('./devtools.js')", '')
        .replace(/isDev\(\)\s*\?\s*await loadPackageJson\(\)\s*:/, ''),
    }))
  },
}

/** Yoga's own entry waits at the top level until it is compiled, which CommonJS cannot; ours is told when to. */
export const withYogaOnCall = {
  name: 'with-yoga-on-call',
  setup(build) {
    build.onResolve({ filter: /^yoga-layout$/ }, () => ({ path: join(root, 'src/ui/terminal/yoga.ts') }))
  },
}

/** string-width takes a tenth of a start to make what measures emoji and Hangul. */
export const withLightStringWidth = {
  name: 'with-light-string-width',
  setup(build) {
    const light = join(import.meta.dirname, 'string-width.mjs')
    build.onResolve({ filter: /^string-width$/ }, ({ importer }) => (importer === light ? undefined : { path: light }))
  },
}
