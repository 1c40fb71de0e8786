import { describe, expect, it } from 'vitest'
import { Emulation } from './emulation.ts'
import { load } from './load/load.ts'

const pod = (name: string, node: string, ports = ''): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { nodeName: ${node}, containers: [{ name: c${ports} }] }\n`
const WEB = ', ports: [{ containerPort: 8080 }, { containerPort: 5353, protocol: UDP }]'
const CLUSTER = pod('client', 'node-1') + pod('near', 'node-1', WEB) + pod('far', 'node-2', WEB)

const emulate = (settings = '', text = CLUSTER, seed = 1): Emulation => {
  const scenario = `apiVersion: podwire.dev/v1alpha1\nkind: Scenario\nmetadata: { name: s }\nspec: { title: T, cluster: { ${settings} } }\n`
  return new Emulation(load([{ name: 'in.yaml', text: scenario + text }]), { seed })
}

const OVERLAYS = ['vxlan', 'host-gw'] as const

describe.each(OVERLAYS)('a trace over %s', (overlay) => {
  it.each([
    ['default/near', 'icmp'],
    ['default/far', 'icmp'],
    ['default/near', 'tcp'],
    ['default/far', 'tcp'],
    ['default/far', 'udp'],
  ] as const)('reaches %s by %s', (to, proto) => {
    const { trace, packet, reply } = emulate(`overlay: ${overlay}`).trace({ from: 'client', to, proto })
    expect(trace).toMatchObject({ verdict: 'delivered', delivered: { kind: 'pod', name: to.slice(8) }, assumed: [] })
    expect(packet).toBeGreaterThan(0)
    expect(reply).toBeGreaterThan(packet)
    const ports = { icmp: null, tcp: 8080, udp: 5353 }
    expect(trace.request).toEqual({ from: 'client', to, protocol: proto, port: ports[proto] })
  })

  it('is refused where nobody listens', () => {
    const emulation = emulate(`overlay: ${overlay}`)
    expect(emulation.trace({ from: 'client', to: 'default/far:9999' }).trace.verdict).toBe('refused')
    const udp = emulation.trace({ from: 'client', to: 'default/far:9999', proto: 'udp' })
    expect(udp).toMatchObject({ trace: { verdict: 'rejected' }, by: 'default/far', reason: 'no-socket' })
  })

  it('goes between nodes, pods and the laptop in every direction', () => {
    const emulation = emulate(`overlay: ${overlay}`)
    const ends = ['client', 'node/node-1', 'node/control-plane', 'default/far', 'external']
    for (const from of ends) {
      for (const to of ends) {
        if (from === to || (from === 'external' && !to.startsWith('node/'))) continue
        expect([from, to, emulation.trace({ from, to, proto: 'icmp' }).trace.verdict]).toEqual([from, to, 'delivered'])
      }
    }
  })

  it('follows the same path byte for byte with the same seed, and another port with another', () => {
    const record = (seed: number): string => {
      const emulation = emulate(`overlay: ${overlay}`, CLUSTER, seed)
      emulation.trace({ from: 'client', to: 'default/far' })
      emulation.trace({ from: 'node/node-1', to: 'default/far:9', proto: 'udp', size: 3000 })
      const { recorder } = emulation
      const frames = recorder.steps.map(({ frame }) =>
        frame === null ? '' : Buffer.from(recorder.frame(frame)).toString('hex'),
      )
      return JSON.stringify([recorder.steps, recorder.places, frames])
    }
    expect(record(1)).toBe(record(1))
    expect(record(2)).not.toBe(record(1))
  })
})

describe('a trace', () => {
  it('shows TTL, lengths and MAC addresses as Linux has them', () => {
    const { trace } = emulate('overlay: vxlan').trace({ from: 'client', to: 'default/far', proto: 'icmp', size: 56 })
    const at = (node: string, device: string, action: string) =>
      trace.forward.hops.find(
        (hop) => hop.netns === 'host' && hop.node === node && hop.device === device && hop.action === action,
      )?.frame
    expect(at('node-1', 'eth0', 'transmit')?.outer).toBeDefined()
    expect(trace.forward.hops.filter((hop) => hop.action === 'route').map((hop) => hop.what)).toEqual([
      'ttl 64 => 63',
      'ttl 63 => 62',
    ])
  })

  it('asks three times for an absent neighbour', () => {
    const emulation = emulate()
    const near = emulation.trace({ from: 'client', to: 'ip/10.244.1.77', proto: 'icmp' })
    expect(near).toMatchObject({ trace: { verdict: 'rejected' }, by: 'default/client', reason: 'neighbour-failed' })
    const far = emulation.trace({ from: 'client', to: 'ip/10.244.2.77', proto: 'icmp' })
    expect(far).toMatchObject({ trace: { verdict: 'rejected' }, by: 'node-2', reason: 'neighbour-failed' })
  })

  it('that cannot leave says so', () => {
    const { trace, packet } = emulate().trace({
      from: 'client',
      to: 'default/far',
      proto: 'icmp',
      size: 1472,
      dontFragment: true,
    })
    expect(trace.verdict).toBe('dropped')
    expect(trace.reason).toContain('EMSGSIZE')
    expect(packet).toBe(0)
  })

  it('knows whose an address is', () => {
    const { facts, cluster, directory } = emulate()
    const [address] = cluster.addressesOf(directory.pod('default', 'far')!)
    expect(facts.owner(address)).toEqual({ kind: 'pod', namespace: 'default', name: 'far', node: 'node-2' })
    expect(facts.owner(cluster.plan.nodes.get('node-1')!.addresses[0])).toMatchObject({ kind: 'node', name: 'node-1' })
    expect(facts.owner(cluster.plan.lan.gateway[0])).toMatchObject({ kind: 'external', name: 'laptop' })
  })

  it.each([
    [{ from: 'clint', to: 'default/far' }, /no Pod default\/clint: did you mean default\/client/],
    [
      { from: 'svc/web', to: 'default/far' },
      /no Service default\/web: there are svc\/kube-system\/kube-dns, svc\/default\/kubernetes/,
    ],
    [{ from: 'ip/10.0.0.1', to: 'default/far' }, /nothing can be sent from ip\/10.0.0.1/],
  ])('from or to what is not there is an error: %j', (request, message) => {
    expect(() => emulate().trace(request)).toThrow(message)
  })

  it('works between pods of a foreign IPAM', () => {
    const given = (name: string, node: string, ip: string): string =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { nodeName: ${node}, containers: [{ name: c${WEB} }] }\nstatus: { phase: Running, podIP: ${ip} }\n`
    const text = given('a', 'n1', '172.30.7.9') + given('b', 'n2', '172.31.9.9') + given('c', 'n1', '172.30.8.11')
    for (const overlay of OVERLAYS) {
      const emulation = emulate(`overlay: ${overlay}`, text)
      for (const to of ['default/b', 'default/c']) {
        expect(emulation.trace({ from: 'default/a', to }).trace).toMatchObject({ verdict: 'delivered' })
      }
      expect(emulation.plan.assumed.at(-1)).toMatch(/2 pods have addresses outside the node's range/)
    }
  })

  it('in a large cluster makes the nodes that it touches, and no others', () => {
    const range = (n: number): string => `10.244.${n}.0/24`
    const nodes = Array.from(
      { length: 40 },
      (_, n) =>
        `---\napiVersion: v1\nkind: Node\nmetadata: { name: n${n} }\nspec: { podCIDR: ${range(n)} }\nstatus: { addresses: [{ type: InternalIP, address: 192.168.56.${n + 10} }] }\n`,
    ).join('')
    for (const overlay of OVERLAYS) {
      const emulation = emulate(`overlay: ${overlay}`, nodes + pod('a', 'n3', WEB) + pod('b', 'n30', WEB))
      expect(emulation.trace({ from: 'default/a', to: 'default/b' }).trace.verdict).toBe('delivered')
      const built = [...emulation.plan.nodes.keys()].filter((name) => emulation.cluster.isBuilt(name))
      expect(built).toEqual(['n3', 'n30'])
    }
    const six = emulate(
      "podCIDR: 'fd00:10:244::/56'",
      nodes.replace(/spec: .*\nstatus: .*/g, '') + pod('a', 'n3', WEB) + pod('b', 'n30', WEB),
    )
    expect(six.trace({ from: 'default/a', to: 'default/b' }).trace.verdict).toBe('delivered')
    expect(six.cluster.isBuilt('n30')).toBe(true)
    expect(six.cluster.isBuilt('n31')).toBe(false)
  })

  it('without recording costs no steps, and changes nothing', () => {
    const quiet = new Emulation(load([{ name: 'in.yaml', text: CLUSTER }]), { recording: 'off' })
    const loud = new Emulation(load([{ name: 'in.yaml', text: CLUSTER }]))
    for (const emulation of [quiet, loud]) emulation.trace({ from: 'client', to: 'default/far' })
    expect(quiet.recorder.steps).toEqual([])
    expect(quiet.now).toBe(loud.now)
    expect(quiet.recorder.packet()).toBe(loud.recorder.packet())
  })
})
