import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HostLocal, type RangeConfig } from '../../src/kube/node/ipam.ts'
import { formatAddress, parseAddress } from '../../src/util/address.ts'
import { prefix } from '../../src/util/prefix.ts'
import { Rng } from '../../src/util/rng.ts'
import { skip } from './requirements.ts'

const FOLDER = ['/usr/lib/cni', '/opt/cni/bin'].find((folder) => existsSync(join(folder, 'host-local')))
const absent = FOLDER === undefined ? 'no host-local in /usr/lib/cni (containernetworking-plugins)' : null

/** A range as the plugin's configuration has it. */
interface Shape {
  readonly subnet: string
  readonly rangeStart?: string
  readonly rangeEnd?: string
  readonly gateway?: string
}

const SHAPES: Readonly<Record<string, readonly Shape[]>> = {
  'a node of flannel': [{ subnet: '10.244.1.0/24' }],
  'a range that fills up': [{ subnet: '10.244.1.0/28' }],
  'the smallest': [{ subnet: '10.244.1.0/30' }],
  'a part of a subnet': [{ subnet: '10.244.1.0/24', rangeStart: '10.244.1.20', rangeEnd: '10.244.1.27' }],
  'a gateway in its midst': [{ subnet: '10.244.1.0/28', gateway: '10.244.1.5' }],
  'two ranges in turn': [{ subnet: '10.244.1.0/29' }, { subnet: '10.244.9.0/29' }],
  'of IPv6': [{ subnet: 'fd00:10:244:1::/64' }],
  'of IPv6 that fills up': [{ subnet: 'fd00:10:244:1::/125' }],
}

/** The real plugin, with its state in a folder of the test's own. */
class Plugin {
  private readonly folder = mkdtempSync(join(tmpdir(), 'podwire-host-local-'))

  constructor(private readonly shapes: readonly Shape[]) {}

  allocate(owner: string): string {
    const { stdout } = this.call('ADD', owner)
    const answer = JSON.parse(stdout) as { ips?: { address: string }[]; msg?: string }
    return answer.ips === undefined ? `refused: ${answer.msg}` : answer.ips[0].address.split('/')[0]
  }

  release(owner: string): void {
    expect(this.call('DEL', owner).status).toBe(0)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  private call(command: string, owner: string) {
    const config = { cniVersion: '1.0.0', name: 'pods', type: 'bridge' }
    const ipam = { type: 'host-local', dataDir: this.folder, ranges: [this.shapes] }
    return spawnSync(join(FOLDER!, 'host-local'), {
      input: JSON.stringify({ ...config, ipam }),
      encoding: 'utf8',
      env: {
        ...{ CNI_COMMAND: command, CNI_CONTAINERID: owner, CNI_NETNS: '/none', CNI_IFNAME: 'eth0' },
        CNI_PATH: FOLDER,
      },
    })
  }
}

const configOf = ({ subnet, rangeStart, rangeEnd, gateway }: Shape): RangeConfig => ({
  subnet: prefix(subnet),
  ...(rangeStart !== undefined && { rangeStart: parseAddress(rangeStart)! }),
  ...(rangeEnd !== undefined && { rangeEnd: parseAddress(rangeEnd)! }),
  ...(gateway !== undefined && { gateway: parseAddress(gateway)! }),
})

/** Pods that come and go: `+p3`, `-p1`. More come than go, until the range is full, then as many. */
function course(seed: number, length: number): string[] {
  const rng = new Rng(seed)
  const alive: string[] = []
  return Array.from({ length }, (_, n) => {
    if (alive.length > 0 && (alive.length > 12 || rng.below(5) < 2))
      return `-${alive.splice(rng.below(alive.length), 1)[0]}`
    alive.push(`p${n}`)
    return `+p${n}`
  })
}

describe.skipIf(skip(absent, 'the oracle of host-local'))(
  'addresses, in the order of the real host-local plugin',
  () => {
    describe.each(Object.entries(SHAPES))('%s', (_name, shapes) => {
      let plugin: Plugin
      beforeAll(() => {
        plugin = new Plugin(shapes)
      })
      afterAll(() => plugin.remove())

      it('for pods that come and go by chance', () => {
        const ours = new HostLocal(shapes.map(configOf))
        for (const seed of [1, 2]) {
          for (const event of course(seed, 120)) {
            const owner = `${event.slice(1)}-${seed}`
            if (event.startsWith('-')) {
              ours.release(owner)
              plugin.release(owner)
              continue
            }
            const got = ours.allocate(owner)
            const real = plugin.allocate(owner)
            if (got.kind === 'refused') expect(real).toMatch(/^refused: /)
            else expect([event, formatAddress(got.address)]).toEqual([event, real])
          }
        }
      })
    })

    it('says the same when there is none left', () => {
      const shapes = SHAPES['the smallest']
      const plugin = new Plugin(shapes)
      try {
        const ours = new HostLocal(shapes.map(configOf))
        ours.allocate('a')
        plugin.allocate('a')
        const refusal = ours.allocate('b')
        expect(`refused: ${refusal.kind === 'refused' ? refusal.message : ''}`).toBe(
          plugin.allocate('b').replace(/^(refused: )failed to allocate for range 0: /, '$1'),
        )
      } finally {
        plugin.remove()
      }
    })
  },
)
