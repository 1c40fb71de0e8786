// `npm start`: builds when a source is newer than the bundle, then runs podwire with the arguments given.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const stamp = join(root, 'dist/built')

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs)
  }
  return latest
}

const sources = Math.max(newest('src'), newest('.build'), statSync(join(root, 'package-lock.json')).mtimeMs)
if (!existsSync(stamp) || statSync(stamp).mtimeMs < sources) {
  process.stderr.write('podwire: building …\n')
  const { bundle, warming } = await import('./bundle.mjs')
  await bundle()
  // The next start will be quicker; this one does not wait for that.
  spawn(...warming(), { detached: true, stdio: 'ignore', windowsHide: true }).unref()
}
await import('../dist/podwire.js')
