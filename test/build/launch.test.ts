import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'podwire-launch-'))
afterAll(() => rmSync(folder, { recursive: true }))
execFileSync(process.execPath, [join(ROOT, '.build/bundle.mjs'), folder])
const program = join(folder, 'program.cjs')
const cache = `${program}.cache`

const run = (...args: string[]): string => {
  const { status, stdout } = spawnSync(process.execPath, [join(folder, 'podwire.js'), ...args], { encoding: 'utf8' })
  expect(status).toBe(0)
  return stdout
}

describe('the program as it is built', () => {
  it('is ASCII, since it is read as one byte a character', () => {
    expect(readFileSync(program).findIndex((byte) => byte > 0x7f)).toBe(-1)
  })

  it('comes with code that this V8 takes', () => {
    const source = module.wrap(readFileSync(program, 'latin1'))
    const script = new Script(source, { filename: program, cachedData: readFileSync(cache) })
    expect(script.cachedDataRejected).toBe(false)
  })

  it('prints the same where V8 does not take that code, and where there is none', () => {
    const args = ['trace', '-f', join(ROOT, 'scenarios/first.yaml'), '--from', 'client', '--to', 'svc/web:80']
    const printed = run(...args)
    expect(printed).toContain('DELIVERED')
    writeFileSync(cache, 'made by another V8')
    expect(run(...args)).toBe(printed)
    rmSync(cache)
    expect(run(...args)).toBe(printed)
  })
})
