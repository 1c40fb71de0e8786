import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

// The examples in a project of their own that has podwire among its dependencies, as its users have it.
const ROOT = join(import.meta.dirname, '../..')
const project = mkdtempSync(join(tmpdir(), 'podwire-examples-'))
const installed = join(project, 'node_modules/podwire')
const bin = join(project, 'bin')
afterAll(() => rmSync(project, { recursive: true }))

cpSync(join(ROOT, 'examples'), join(project, 'examples'), { recursive: true })
mkdirSync(installed, { recursive: true })
cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'))
cpSync(join(ROOT, 'scenarios'), join(installed, 'scenarios'), { recursive: true })
execFileSync(process.execPath, [join(ROOT, '.build/bundle.mjs'), join(installed, 'dist')])
mkdirSync(bin)
command('podwire', `exec '${process.execPath}' '${join(installed, 'dist/podwire.js')}' "$@"`)
command('npx', 'shift; exec "$@"')
command('kubectl', 'exec cat examples/shop.yaml')

function command(name: string, body: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(bin, name), 0o755)
}

const shell = (line: string) =>
  spawnSync('bash', ['-o', 'pipefail', '-c', line], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  })

describe('the examples', () => {
  it('assert with the library', () => {
    const { status, stdout } = shell(`'${process.execPath}' --test --test-reporter=tap examples/*.test.mjs`)
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/# pass 3\n# fail 0/) })
  })

  it('run in CI as the workflow has it, and leave a report', () => {
    const { jobs } = parse(readFileSync(join(ROOT, 'examples/ci-workflow.yaml'), 'utf8'))
    const line = jobs.podwire.steps.map(({ run }: { run?: string }) => run).find(Boolean)
    expect(shell(line)).toMatchObject({ status: 0, stderr: '' })
    const report = readFileSync(join(project, 'podwire.xml'), 'utf8')
    expect(report).toContain('<testsuite name="shop" tests="4" failures="0" errors="0">')
  })

  it('ask a cluster why, through kubectl', () => {
    const why = (to: string) => shell(`sh examples/why-not.sh shop/cart ${to}`)
    expect(why('svc/shop/catalog:80')).toMatchObject({ status: 0, stdout: expect.stringContaining('DELIVERED') })
    expect(why('svc/shop/search:80')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('shop/search has no endpoints'),
    })
  })

  it('have types that hold without skipLibCheck, from the declarations that are packed', () => {
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    execFileSync(tsc, ['-p', join(ROOT, '.build/types.json'), '--outDir', join(installed, 'dist/types')])
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const name of [...Object.keys(dependencies), '@types/node', '@types/react', 'undici-types', 'csstype']) {
      cpSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name), { recursive: true })
    }
    const options = {
      strict: true,
      module: 'NodeNext',
      target: 'ES2023',
      checkJs: true,
      allowJs: true,
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['examples'] }))
    expect(spawnSync(tsc, ['-p', project], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' })
  }, 60_000)
})
