// Makes dist/, or the folder given: the program (one file, plus the terminal UI, loaded only when it is needed) and the library.
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Ink asks for the devtools only when DEV is set; the bundle carries an empty module instead. */
const withoutDevtools = {
  name: 'without-devtools',
  setup(b) {
    b.onResolve({ filter: /^react-devtools-core$/ }, (args) => ({ path: args.path, namespace: 'stub' }))
    b.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'export default undefined' }))
  },
}

export async function bundle(outdir = dist) {
  rmSync(outdir, { recursive: true, force: true })
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    splitting: true,
    minifySyntax: true,
    sourcemap: 'linked',
    jsx: 'automatic',
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [withoutDevtools],
    // CommonJS packages inside the bundle call require for Node's own modules.
    banner: {
      js: "import { createRequire as podwireRequire } from 'node:module'; const require = podwireRequire(import.meta.url);",
    },
    logLevel: 'warning',
  }
  await build({ ...shared, entryPoints: { podwire: 'src/cli/main.ts', index: 'src/index.ts' } })
  writeFileSync(join(outdir, 'built'), new Date().toISOString())
}

if (process.argv[1] === import.meta.filename) await bundle(resolve(process.argv[2] ?? dist))
