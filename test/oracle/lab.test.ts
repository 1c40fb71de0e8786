import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { netnsScript } from '../../src/export/netns.ts'
import { cluster, PREFIX } from './cluster.ts'
import { Lab } from './lab.ts'
import { missing, skip } from './requirements.ts'

const description = cluster({ overlay: 'host-gw' })
/** Under a prefix of its own: the script knows nothing of a lab that runs beside it. */
const SCRIPT = 'podwire-script'
const ours = (prefix = PREFIX): string[] => readdirSync('/run/netns').filter((name) => name.startsWith(`${prefix}-`))
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })

/** A killed process whose new parent has not waited for it yet is no longer running. */
function running(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe.skipIf(skip(missing(), 'the kernel oracle'))('the exported script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-script-'))
  const file = join(folder, 'cluster.sh')
  writeFileSync(file, netnsScript({ ...description, prefix: SCRIPT }))
  const script = (argument: string) => spawnSync('sh', [file, argument], { encoding: 'utf8' })
  afterEach(() => {
    script('down')
    if (ours(SCRIPT).includes(`${SCRIPT}-node-2`)) ip('netns', 'delete', `${SCRIPT}-node-2`)
    rmSync(folder, { recursive: true, force: true })
    execFileSync('mkdir', ['-p', folder])
    writeFileSync(file, netnsScript({ ...description, prefix: SCRIPT }))
  })

  it('builds, and removes what it built', () => {
    expect(script('up')).toMatchObject({ status: 0, stderr: '' })
    expect(ours(SCRIPT)).toHaveLength(1 + 1 + 3 + 5)
    expect(script('down')).toMatchObject({ status: 0, stderr: '' })
    expect(ours(SCRIPT)).toEqual([])
  })

  it('leaves a namespace alone that it did not make, both ways', () => {
    ip('netns', 'add', `${SCRIPT}-node-2`)
    const up = script('up')
    expect(up.status).toBe(1)
    expect(up.stderr).toContain(`${SCRIPT}-node-2 exists already`)
    expect(ours(SCRIPT)).toEqual([`${SCRIPT}-node-2`])
    expect(script('down').status).toBe(0)
    expect(ours(SCRIPT)).toEqual([`${SCRIPT}-node-2`])
  })

  it('takes back what it made when something fails', () => {
    writeFileSync(
      file,
      netnsScript({ ...description, prefix: SCRIPT }).replace(
        'addr add 10.244.2.1/24 dev cni0',
        'addr add nonsense dev cni0',
      ),
    )
    expect(script('up').status).not.toBe(0)
    expect(ours(SCRIPT)).toEqual([])
  })

  it('says how it is used', () => {
    expect(script('sideways')).toMatchObject({ status: 2, stderr: expect.stringContaining('up|down') })
  })
})

describe.skipIf(skip(missing(), 'the kernel oracle'))('a lab', () => {
  it('refuses to run beside another, and leaves nothing behind', async () => {
    const lab = await Lab.build(description)
    await expect(Lab.build(description)).rejects.toThrow('another podwire lab is running')
    expect(ours()).not.toEqual([])
    lab.serve('default_a1', 'exec sleep 1000')
    await lab.destroy()
    expect(ours()).toEqual([])
  })

  it('removes what a killed one left behind, and its programs', async () => {
    const dead = cluster({ overlay: 'vxlan', pods: [3, 3] })
    execFileSync('sh', ['-s', 'up'], { input: netnsScript(dead) })
    const shell = `ip netns exec ${PREFIX}-default_c1 sleep 1000 >/dev/null 2>&1 & echo $!`
    const pid = Number(execFileSync('sh', ['-c', shell], { encoding: 'utf8' }))
    const lab = await Lab.build(cluster({ pods: [1] }))
    expect(ours()).toHaveLength(1 + 1 + 1 + 1)
    await expect.poll(() => running(pid)).toBe(false)
    await lab.destroy()
    expect(ours()).toEqual([])
  })
})
