import { beforeAll, describe, expect, it } from 'vitest'
import { parseIptables } from '../../src/linux/netfilter/rules/parse.ts'
import { buildProgram, type Ran } from '../support/program.ts'

let podwire: (args: readonly string[], input?: string) => Ran
beforeAll(() => {
  podwire = buildProgram('podwire-test-proxy')
}, 60_000)

const WEB = '10.96.0.80'
const explain = (source: string, dest: string, port = 80, ...more: string[]): Ran =>
  podwire(['proxy', 'explain', '--node', 'node-1', '--source', source, '--dest', dest, '--port', `${port}`, ...more])
const decision = (...args: Parameters<typeof explain>): Record<string, unknown> =>
  JSON.parse(explain(args[0], args[1], args[2] ?? 80, '-o', 'json', ...args.slice(3).map(String)).out)

describe('podwire proxy explain', () => {
  it('prints the document of the contract: all destinations in rule order, and no other field', () => {
    const document = decision('10.244.1.2', WEB)
    expect(Object.keys(document)).toEqual(['apiVersion', 'kind', 'verdict', 'destinations', 'masquerade', 'rules'])
    expect(document).toMatchObject({
      apiVersion: 'podwire.dev/v1alpha1',
      kind: 'ProxyDecision',
      verdict: 'DNAT',
      destinations: ['10.244.1.3:8080', '10.244.2.2:8080'],
      masquerade: false,
    })
    expect(document.rules).toContainEqual(
      expect.stringMatching(
        /^-A KUBE-SVC-CDGGSHYLG3RE2FKL .* --probability 0\.50000000000 -j KUBE-SEP-2AZ33KU3V5PGPQZH$/,
      ),
    )
  })

  it('masquerades what does not come from a pod', () => {
    expect(decision('192.168.56.1', WEB)).toMatchObject({ verdict: 'DNAT', masquerade: true })
    expect(decision('192.168.56.11', WEB)).toMatchObject({ verdict: 'DNAT', masquerade: true })
  })

  it('says the same in nftables mode, in rules of nft', () => {
    const document = decision('10.244.1.2', WEB, 80, '--proxy-mode', 'nftables')
    expect(document).toMatchObject({
      verdict: 'DNAT',
      destinations: ['10.244.1.3:8080', '10.244.2.2:8080'],
      masquerade: false,
    })
    expect(decision('10.244.1.2', WEB, 81, '--proxy-mode', 'nftables')).toMatchObject({ verdict: 'REJECT' })
    expect(JSON.stringify(document.rules)).toContain('@service-ips')
  })

  it('accepts what no Service speaks of', () => {
    expect(decision('10.244.1.2', '10.244.2.2', 8080)).toMatchObject({ verdict: 'ACCEPT', destinations: [] })
    expect(decision('10.244.1.2', WEB, 81)).toMatchObject({ verdict: 'ACCEPT', destinations: [] })
    expect(decision('10.244.1.2', WEB, 80, '--proto', 'udp')).toMatchObject({ verdict: 'ACCEPT' })
  })

  it('rejects for a Service without endpoints, and exits 0: it did what was asked', () => {
    const cluster =
      'apiVersion: v1\nkind: Service\nmetadata: { name: none }\nspec: { clusterIP: 10.96.0.9, selector: { a: b }, ports: [{ port: 80 }] }\n'
    const args = ['-f', '-', '--node', 'node-1', '--source', '10.244.1.2', '--dest', '10.96.0.9', '--port', '80']
    const { code, out } = podwire(['proxy', 'explain', ...args], cluster)
    expect(out).toContain('REJECT  with an ICMP error')
    expect(out).toContain('"default/none has no endpoints"')
    expect(code).toBe(0)
  })

  it('says in text whose the endpoints are, how likely, and by which device the packet comes', () => {
    const { out } = explain('10.244.1.3', WEB)
    expect(out.split('\n').slice(2, 8)).toEqual([
      'DNAT  to one of 2 endpoints',
      '  10.244.1.3 > 10.96.0.80:80 tcp   on node-1, in by cni0',
      '  10.244.1.3:8080  p 0.5  default/web-1 on node-1 (masqueraded)',
      '  10.244.2.2:8080  p 0.5  default/web-2 on node-2',
      '',
      'masquerade  only where it is said: there the endpoint sees an address of the node',
    ])
    expect(explain('10.244.2.2', WEB).out).toContain('in by flannel.1')
    expect(explain('192.168.56.1', WEB).out).toContain('in by eth0')
    expect(explain('192.168.56.11', WEB).out).toContain('sent by the node itself')
  })

  it.each([
    [['--node', 'nod-1', '--source', '10.244.1.2', '--dest', WEB, '--port', '80'], 'node-1?'],
    [['--node', 'node-1', '--source', 'client', '--dest', WEB, '--port', '80'], 'an IPv4 or IPv6 address'],
    [['--node', 'node-1', '--source', 'fd00::1', '--dest', WEB, '--port', '80'], 'different families'],
    [['--node', 'node-1', '--source', '10.244.1.2', '--dest', WEB, '--port', '0'], '1 to 65535'],
  ])('exits 2 on %j', (args, message) => {
    const { code, out, err } = podwire(['proxy', 'explain', ...args])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })
})

describe('podwire export', () => {
  it('iptables prints what iptables-restore takes: kube-proxy before flannel', () => {
    const { code, out, err } = podwire(['export', 'iptables', '--node', 'node-2'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const post = out.split('\n').filter((line) => line.startsWith('-A POSTROUTING'))
    expect(post.map((line) => line.split(' ').at(-1))).toEqual(['KUBE-POSTROUTING', 'FLANNEL-POSTRTG'])
    expect(Object.keys(parseIptables(out)).sort()).toEqual(['filter', 'mangle', 'nat'])
  })

  it('iptables has the rules that proxy explain says matched', () => {
    const lines = podwire(['export', 'iptables', '--node', 'node-1']).out.split('\n')
    const { rules } = decision('192.168.56.1', WEB) as { rules: string[] }
    expect(rules.length).toBeGreaterThan(8)
    expect(rules.filter((rule) => !lines.includes(rule))).toEqual([])
  })

  it('iptables of a family that the cluster does not have is empty, and said to be', () => {
    const { code, out, err } = podwire(['export', 'iptables', '--node', 'node-1', '--family', '6'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toContain('node-1 has no iptables rules')
  })

  it('nftables of a cluster in iptables mode is empty, and says where to look', () => {
    const { code, out, err } = podwire(['export', 'nftables', '--node', 'node-1'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toContain('kube-proxy runs in iptables mode')
  })

  it('nftables prints the table of that mode, and leaves iptables to kubelet and flannel', () => {
    const mode = ['--node', 'node-1', '--proxy-mode', 'nftables']
    const { code, out, err } = podwire(['export', 'nftables', ...mode])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^add table ip kube-proxy /)
    expect(out).toMatch(/^add element ip kube-proxy service-ips \{ 10\.96\.0\.80 \. tcp \. 80 /m)
    const iptables = podwire(['export', 'iptables', ...mode]).out
    expect(iptables).toContain('FLANNEL-POSTRTG')
    // kubelet's are there in every mode, kube-proxy's are not.
    expect(iptables).toContain('-A INPUT -j KUBE-FIREWALL')
    expect(iptables).not.toContain('KUBE-SERVICES')
  })

  it.each(['proxy explain', 'export iptables', 'export nftables'])('%s --help has examples', (command) => {
    const { code, out } = podwire([...command.split(' '), '--help'])
    expect(code).toBe(0)
    expect(out).toContain('Examples:')
  })
})

describe('--proxy-mode', () => {
  it.each(['trace', 'curl'])('of %s takes the place of what the input says', (command) => {
    const to = command === 'trace' ? ['--to', 'svc/web'] : [`http://${WEB}/`]
    const { code, out } = podwire([command, '--from', 'client', ...to, '--proxy-mode', 'nftables'])
    expect(out.split('\n')[0]).toMatch(/ · kube-proxy nftables$/)
    expect(out).not.toContain('Assumed')
    expect(code).toBe(0)
  })

  it('of run too', () => {
    const { code, out } = podwire(['run', '03-service', '--proxy-mode', 'ipvs'])
    expect(out).toContain('IPVS picks one of 2 real servers of Service default/web in turn (rr)')
    expect(code).toBe(1)
  })

  it('of trace shows the chains of that mode, or what IPVS chose', () => {
    const trace = (mode: string): string =>
      podwire(['trace', '--from', 'client', '--to', 'svc/web', '--proxy-mode', mode]).out
    expect(trace('nftables')).toContain('rule  services > service-SUSTUHLJ-default/web/tcp/http > endpoint-')
    expect(trace('ipvs')).toMatch(/why {3}IPVS picks one of \d+ real servers of Service default\/web in turn \(rr\)/)
    expect(podwire(['trace', '--from', 'client', '--to', 'svc/web', '--proxy-mode', 'bpf']).code).toBe(2)
  })
})
