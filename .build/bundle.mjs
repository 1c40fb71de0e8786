// Makes dist/, or the folder given: the program (one file, and what V8 makes of it) and the library.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { withLightStringWidth, withoutDevtools, withYogaOnCall } from './plugins.mjs'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  sourcemap: 'linked',
  jsx: 'automatic',
  logLevel: 'warning',
}

/** The bundle runs with or without its code cache: see warm.mjs. */
export async function bundle(outdir = dist) {
  rmSync(outdir, { recursive: true, force: true })
  await Promise.all([program(outdir), library(outdir)])
  writeFileSync(join(outdir, 'built'), new Date().toISOString())
}

/** CommonJS, for V8's code cache takes no modules yet. What a command alone needs is run only when it is called. */
async function program(outdir) {
  await build({
    ...shared,
    entryPoints: { program: 'src/cli/main.ts' },
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    supported: { 'dynamic-import': false },
    // Comments are all in it that would not be ASCII, and so could not be read as one byte a character.
    minifyWhitespace: true,
    lineLimit: 160,
    // Yoga would fetch its own data URL, for which Node loads an HTTP client; nothing else in the program asks for it.
    define: { 'process.env.NODE_ENV': '"production"', 'import.meta.dirname': '__dirname', fetch: 'undefined' },
    plugins: [withoutDevtools, withYogaOnCall, withLightStringWidth],
  })
  const launcher = join(outdir, 'podwire.js')
  copyFileSync(join(import.meta.dirname, 'launch.mjs'), launcher)
  chmodSync(launcher, 0o755)
}

const library = (outdir) =>
  build({
    ...shared,
    entryPoints: { index: 'src/index.ts' },
    outdir,
    format: 'esm',
    // CommonJS packages inside the bundle call require for Node's own modules.
    banner: {
      js: "import { createRequire as podwireRequire } from 'node:module'; const require = podwireRequire(import.meta.url);",
    },
  })

/** The command and its arguments that make the code cache of the bundle in `outdir`. */
export const warming = (outdir = dist) => [process.execPath, [join(import.meta.dirname, 'warm.mjs'), outdir]]

if (process.argv[1] === import.meta.filename) {
  const outdir = resolve(process.argv[2] ?? dist)
  await bundle(outdir)
  execFileSync(...warming(outdir), { stdio: ['ignore', 'ignore', 'inherit'] })
}
