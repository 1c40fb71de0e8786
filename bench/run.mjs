// `npm run bench [NAME…]`: runs the benches in this folder (all of them, or those named), one after the other.
// Each NAME.bench.ts exports `run()`, which prints its figures and how it got them.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const here = import.meta.dirname
const out = join(here, '../dist/bench')
const all = readdirSync(here)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${all.join(', ')}`)
  process.exit(2)
}

const names = wanted.length > 0 ? wanted : all
await build({
  entryPoints: names.map((name) => join(here, `${name}.bench.ts`)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    js: "import { createRequire as podwireRequire } from 'node:module'; const require = podwireRequire(import.meta.url);",
  },
  logLevel: 'warning',
})
for (const name of names) {
  console.log(`\n# ${name}`)
  const { run } = await import(pathToFileURL(join(out, `${name}.bench.mjs`)).href)
  await run()
}
