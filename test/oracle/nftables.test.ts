import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { nftScript } from '../../src/export/nftables.ts'
import { NftablesProxy } from '../../src/kube/node/proxy/nftables/proxy.ts'
import { prefix } from '../../src/util/prefix.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../support/services.ts'
import { missing, skip } from './requirements.ts'

describe.skipIf(skip(missing(['unshare', 'nft']), 'nft'))('nft -f', () => {
  it('loads the table of kube-proxy, with every chain, rule and element', () => {
    const options = { ...OPTIONS, serviceCIDRs: [prefix('172.30.0.0/16')] }
    const script = nftScript(new NftablesProxy(overall(), options).table(NODE, 4), 4)
    const listed = list(script)
    const count = (what: string): number => script.split('\n').filter((line) => line.startsWith(`add ${what} `)).length
    expect(listed.match(/^\tchain /gm)).toHaveLength(count('chain'))
    expect(listed.match(/^\t(set|map) /gm)).toHaveLength(count('set') + count('map'))
    const bodies = listed.match(/^\t\t(?!type |comment |elements |flags |timeout |size |\t).+$/gm) ?? []
    expect(bodies).toHaveLength(count('rule'))
    expect(list(listed)).toBe(listed)
  })

  it('loads it for IPv6, on all addresses, with affinity', () => {
    const options = { ...OPTIONS, nodePortAddresses: ['::/0'] }
    const model = modelOf(
      [
        service('ns1/svc1', 'fd00:172:30::41', {
          type: 'NodePort',
          ports: [{ port: 80, nodePort: 3001 }],
          sessionAffinity: 'ClientIP',
        }),
      ],
      [slice('ns1/svc1', [{ port: 80 }], ['fd00:10:180::1', 'fd00:10:180::2:1'])],
    )
    const listed = list(nftScript(new NftablesProxy(model, options).table(NODE, 6), 6))
    expect(listed).toContain('dnat to [fd00:10:180::1]:80')
    expect(listed).toContain('fib daddr type local ip6 daddr != ::1')
  })
})

/** Loads a script in a network namespace of its own and lists the ruleset. */
function list(script: string): string {
  return execFileSync('unshare', ['--net', 'sh', '-c', 'nft -f - && nft -s list ruleset'], {
    input: script,
    encoding: 'utf8',
  })
}
