// node .build/warm.mjs FOLDER: runs some commands of FOLDER/program.cjs, the UI among them, and writes what V8 compiled on the way
// beside it. V8 takes that back only where its version and its flags are the same.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { join, resolve } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { Script } from 'node:vm'

const folder = resolve(process.argv[2])
const file = join(folder, 'program.cjs')
const first = join(import.meta.dirname, '../scenarios/first.yaml')
const text = readFileSync(file, 'latin1')
const script = new Script(module.wrap(text), { filename: file })
/** Along the packet, through the views, a pod killed and back again, and out. */
const KEYS = ['l', 'l', '2', '4', '5', 'j', 'x', 'u', '1', 'q']

async function run(...args) {
  process.argv = [process.execPath, file, ...args]
  const main = { exports: {} }
  script.runInThisContext()(main.exports, module.createRequire(file), main, file, folder)
  await main.exports.ended
  if (process.exitCode) throw new Error(`podwire ${args.join(' ')} ended with ${process.exitCode}`)
}

const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keyboard, ref() {}, unref() {} })
const screen = Object.assign(new Writable({ write: (_bytes, _encoding, done) => done() }), {
  isTTY: true,
  columns: 80,
  rows: 24,
})
// Should a key be lost, nothing is left to wait for once all are typed, and Ink ends the UI.
const typing = setInterval(() => {
  if (keyboard.listenerCount('readable') === 0) return
  keyboard.write(KEYS.shift())
  if (KEYS.length === 0) clearInterval(typing)
}, 20)

Object.defineProperty(process, 'stdout', { value: screen })
Object.defineProperty(process, 'stdin', { value: keyboard })
await run('trace', '-f', first, '--from', 'client', '--to', 'svc/web:80')
await run('curl', '-f', first, '--from', 'client', 'https://web/')
await run(first)
// V8 knows another source by its length alone: what was built meanwhile must not get this one's code, nor anybody half of it.
if (readFileSync(file, 'latin1') === text) {
  writeFileSync(`${file}.${process.pid}`, script.createCachedData())
  renameSync(`${file}.${process.pid}`, `${file}.cache`)
}
process.exit()
