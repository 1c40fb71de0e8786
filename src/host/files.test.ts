import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InputError } from '../util/diagnostics.ts'
import { readInput } from './files.ts'

let folder = ''
const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: c }] }\n`
const scenario = (manifest: string): string =>
  `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec:\n  title: T\n  manifests: ['${manifest}']\n`

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'podwire-'))
  mkdirSync(join(folder, 'in/more'), { recursive: true })
  writeFileSync(join(folder, 'outside.yaml'), pod('outside'))
  writeFileSync(join(folder, 'in/a.yaml'), `\ufeff${pod('a')}`)
  writeFileSync(
    join(folder, 'in/b.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'b' } }),
  )
  writeFileSync(join(folder, 'in/readme.txt'), 'no: manifest')
  writeFileSync(join(folder, 'in/more/c.yaml'), pod('c'))
  writeFileSync(join(folder, 'good.yaml'), scenario('in/more/c.yaml'))
  for (const [name, path] of [
    ['up', '../outside.yaml'],
    ['absolute', '/etc/hosts'],
    ['link', 'link.yaml'],
  ]) {
    writeFileSync(join(folder, `in/more/${name}.scenario`), scenario(path))
  }
  symlinkSync(join(folder, 'outside.yaml'), join(folder, 'in/more/link.yaml'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const message = (...paths: string[]): string => {
  try {
    readInput(paths.map((path) => join(folder, path)))
    return ''
  } catch (error) {
    if (error instanceof InputError) return error.message.replaceAll(folder, '.')
    throw error
  }
}

it("reads a folder's manifests, not those of folders within", () => {
  const input = readInput([join(folder, 'in'), join(folder, 'in/a.yaml')])
  expect(input.pods.map((p) => p.meta.name)).toEqual(['a'])
  expect(input.namespaces.map((n) => n.name)).toEqual(['b'])
})

it('reads the manifests that a Scenario names, relative to it', () => {
  expect(readInput([join(folder, 'good.yaml')]).pods.map((p) => p.meta.name)).toEqual(['c'])
})

it.each(['up', 'absolute', 'link'])('reads nothing outside the folder of a Scenario: %s', (name) => {
  expect(message(`in/more/${name}.scenario`)).toMatch(
    /more\/\w+\.scenario:6:15: (manifest .* lies outside|.*no such file)/,
  )
})

it('says what is wrong with a path', () => {
  expect(message('nowhere.yaml')).toBe('podwire: ./nowhere.yaml: no such file or folder')
  expect(() => readInput(['/dev/zero'])).toThrow('this is a device')
})
