#!/usr/bin/env node
// Runs program.cjs with what V8 made of it when it was built. Where that was another V8, Node compiles it anew, and keeps what comes of
// that where it can (from 22.8 on).
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'

const file = join(import.meta.dirname, 'program.cjs')
const cache = `${file}.cache`
const require = module.createRequire(file)

if (existsSync(cache)) {
  const script = new Script(module.wrap(readFileSync(file, 'latin1')), {
    filename: file,
    cachedData: readFileSync(cache),
  })
  script.runInThisContext()({}, require, {}, file, import.meta.dirname)
} else {
  module.enableCompileCache?.()
  require(file)
}
