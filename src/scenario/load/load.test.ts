import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../util/address.ts'
import { formatDiagnostic, InputError } from '../../util/diagnostics.ts'
import { formatPrefix } from '../../util/prefix.ts'
import type { Inventory } from './inventory.ts'
import { load } from './load.ts'

const read = (text: string, name = 'in.yaml'): Inventory => load([{ name, text }])

function errors(text: string, name = 'in.yaml'): string[] {
  try {
    read(text, name)
    return []
  } catch (error) {
    if (error instanceof InputError) return error.diagnostics.map(formatDiagnostic)
    throw error
  }
}

const warnings = (text: string): string[] => read(text).diagnostics.map(formatDiagnostic)

const node = (name: string, address: string, range: string): string =>
  `apiVersion: v1\nkind: Node\nmetadata: { name: ${name} }\nspec: { podCIDR: ${range} }\nstatus: { addresses: [{ type: InternalIP, address: ${address} }] }\n---\n`
const pod = (name: string, on: string, address: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { nodeName: ${on}, containers: [{ name: c }] }\nstatus: { phase: Running, podIP: ${address} }\n---\n`

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'c', ports: [{ containerPort: 8080, name: 'http' }] }],
    initContainers: [
      { name: 'once', ports: [{ containerPort: 1 }] },
      { name: 'mesh', restartPolicy: 'Always', ports: [{ containerPort: 15001 }] },
    ],
  },
  status: {
    phase: 'Running',
    podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00::2' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
}

describe('the ways to write objects', () => {
  const forms: Record<string, [string, string]> = {
    'one JSON object': ['a.json', JSON.stringify(POD)],
    'indented JSON from standard input': ['-', JSON.stringify(POD, null, 2)],
    'a JSON List': ['a.json', JSON.stringify({ apiVersion: 'v1', items: [POD], kind: 'List' }, null, 1)],
    'a JSON PodList': ['a.json', JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [POD] })],
    'a JSON array': ['a.json', JSON.stringify([POD])],
    NDJSON: ['a.ndjson', `\n${JSON.stringify(POD)}\r\n\n`],
    'JSON as YAML': ['a.yaml', JSON.stringify(POD)],
    'flow YAML': [
      'a.yaml',
      JSON.stringify(POD)
        .replaceAll('"', '')
        .replaceAll(':', ': ')
        .replace('fd00: : 2', "'fd00::2'")
        .replace('True', "'True'"),
    ],
    'a YAML List': ['a.yaml', `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify(POD)}\n`],
  }
  for (const [form, [name, text]] of Object.entries(forms)) {
    it(`reads ${form}`, () => {
      const { pods } = load([{ name, text }])
      expect(pods).toHaveLength(1)
      expect(pods[0]).toMatchObject({
        meta: { namespace: 'shop', name: 'web', labels: { app: 'web' }, at: { file: name } },
        node: 'n1',
        phase: 'Running',
        ready: true,
        ports: [{ name: 'http', port: 8080, protocol: 'TCP', hostPort: 0 }, { port: 15001 }],
      })
      expect(pods[0].addresses.map(formatAddress)).toEqual(['10.244.1.2', 'fd00::2'])
    })
  }

  it('shares the labels of pods of one owner', () => {
    const other = { ...POD, metadata: { ...POD.metadata, name: 'web-2' }, status: {} }
    const { pods } = read([POD, other].map((value) => JSON.stringify(value)).join('\n'))
    expect(pods[0].meta.labels).toBe(pods[1].meta.labels)
    expect(pods[0].meta.at).toEqual({ file: 'in.yaml', line: 1, column: 1 })
    expect(pods[1].meta.at).toEqual({ file: 'in.yaml', line: 2, column: 1 })
  })

  it('reads nodes, and both families of their ranges', () => {
    const text = `apiVersion: v1
kind: Node
metadata: { name: n1, labels: { node-role.kubernetes.io/control-plane: '' } }
spec: { podCIDR: 10.8.1.0/24, podCIDRs: [10.8.1.0/24, 'fd00:8:1::/64'], providerID: gce://p/z/n1 }
status:
  addresses: [{ type: InternalIP, address: 10.128.0.14 }, { type: ExternalIP, address: 35.1.2.3 }, { type: Hostname, address: n1 }]
  conditions: [{ type: Ready, status: Unknown }]`
    const [n] = read(text).nodes
    expect(n.podCIDRs.map(formatPrefix)).toEqual(['10.8.1.0/24', 'fd00:8:1::/64'])
    expect(n.addresses.map(formatAddress)).toEqual(['10.128.0.14'])
    expect(n).toMatchObject({ ready: false, controlPlane: true, provider: 'gce', inferred: false })
  })

  it('fills in the defaults of a Service and reads named target ports', () => {
    const text = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80, targetPort: http, nodePort: 30080 }], type: NodePort, trafficDistribution: PreferClose }`
    expect(read(text).services[0]).toMatchObject({
      meta: { namespace: 'default' },
      ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: 'http', nodePort: 30080 }],
      sessionAffinity: 'None',
      affinityTimeout: 10800,
      externalTrafficPolicy: 'Cluster',
      trafficDistribution: 'PreferSameZone',
    })
  })

  it('prefers EndpointSlices to the Endpoints they mirror', () => {
    const endpoints = `apiVersion: v1
kind: Endpoints
metadata: { name: web }
subsets: [{ addresses: [{ ip: 10.1.1.1, targetRef: { kind: Pod, name: a, namespace: default } }], notReadyAddresses: [{ ip: 10.1.1.2 }], ports: [{ port: 80 }] }]
`
    const slice = `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-x, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [{ addresses: [10.1.1.3] }, { addresses: [10.1.1.4], conditions: { ready: false, serving: true, terminating: true } }]
`
    const [alone] = read(endpoints).slices
    expect(alone).toMatchObject({ service: 'web', from: 'Endpoints', ports: [{ port: 80 }] })
    expect(alone.endpoints.map(({ ready, pod }) => [ready, pod])).toEqual([
      [true, 'default/a'],
      [false, ''],
    ])
    const { slices } = read(endpoints + slice)
    expect(slices.map(({ from }) => from)).toEqual(['EndpointSlice'])
    expect(slices[0].endpoints[0]).toMatchObject({ ready: true, serving: true, terminating: false })
    expect(slices[0].endpoints[1]).toMatchObject({ ready: false, serving: true, terminating: true })
  })

  it('learns the data path from ConfigMaps', () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: kube-proxy, namespace: kube-system }
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    mode: ipvs
    clusterCIDR: 10.244.0.0/16,fd00:10:244::/56
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-flannel-cfg, namespace: kube-flannel }
data:
  net-conf.json: '{"Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}}'
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kubeadm-config, namespace: kube-system }
data:
  ClusterConfiguration: 'networking: { dnsDomain: corp.local, podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12 }'
`
    const { hints } = read(text)
    expect(hints.proxy).toMatchObject({ mode: 'ipvs', detectLocal: 'ClusterCIDR' })
    expect(hints.proxy?.clusterCIDRs.map(formatPrefix)).toEqual(['10.244.0.0/16', 'fd00:10:244::/56'])
    expect(hints.flannel).toMatchObject({ backend: 'host-gw' })
    expect(hints.kubeadm).toMatchObject({ dnsDomain: 'corp.local' })
  })
})

describe('faults', () => {
  it('in types are worded as the API server words them, at their line and column', () => {
    const text = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: c
    ports:
    - containerPort: "80"
  hostNetwork: 1
`
    const at = 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal'
    expect(errors(text).sort()).toEqual([
      `in.yaml:10:16: ${at} number into Go struct field PodSpec.spec.hostNetwork of type bool`,
      `in.yaml:9:22: ${at} string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ])
  })

  it('in values are worded as the API server words them', () => {
    const text = `apiVersion: v1
kind: Service
metadata: { name: Web }
spec:
  type: Loadbalancer
  clusterIP: 10.96.0.300
  ports: [{ port: 0 }, { port: 80, protocol: HTTP }]
`
    const found = errors(text).join('\n')
    expect(found).toContain(
      'in.yaml:3:19: Service "Web" is invalid: metadata.name: Invalid value: "Web": a lowercase RFC',
    )
    expect(found).toContain('spec.type: Unsupported value: "Loadbalancer": supported values: "ClusterIP", "NodePort",')
    expect(found).toContain('spec.clusterIP: Invalid value: "10.96.0.300": must be a valid IP address')
    expect(found).toContain('spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive')
    expect(found).toContain('spec.ports[1].name: Required value')
    expect(found).toContain('spec.ports[1].protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"')
  })

  it.each([
    ['10.244.1.0/33', 'must be a valid CIDR value'],
    ['10.244.1.5/24', 'must not have bits set beyond the prefix length'],
    ['10.244.0/24', 'must be a valid CIDR value'],
  ])('finds a pod range of %s', (range, why) => {
    expect(errors(node('n1', '192.168.56.11', range))).toEqual([
      `in.yaml:4:18: Node "n1" is invalid: spec.podCIDR: Invalid value: "${range}": ${why}, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
    ])
  })

  it('in JSON carry line and column too, on one line or many', () => {
    const wrong = { ...POD, spec: { ...POD.spec, nodeName: 7 } }
    const line = `${JSON.stringify(POD)}\n${JSON.stringify(wrong)}\n`
    const column = JSON.stringify(wrong).indexOf('7') + 1
    expect(errors(line, 'a.ndjson')[0]).toMatch(
      new RegExp(`^a.ndjson:2:${column}: .*PodSpec.spec.nodeName of type string`),
    )
    expect(errors(JSON.stringify({ kind: 'List', items: [POD, wrong] }, null, 2), 'a.json')[0]).toMatch(
      /^a.json:\d\d:\d+: Pod/,
    )
    expect(errors('{"apiVersion": "v1",\n "kind": "Pod",, }', 'a.json')).toEqual([
      'a.json:2:16: this is not JSON, expected a property name in double quotes',
    ])
  })

  it('in YAML carry line and column', () => {
    expect(errors('apiVersion: v1\nkind: Pod\nmetadata: {name: a\nspec: 1\n')[0]).toMatch(/^in\.yaml:\d+:\d+: .*YAML/)
    expect(errors('a: 1\na: 2\n')[0]).toMatch(/^in\.yaml:2:1: Map keys must be unique/)
  })

  it.each([
    ['kind: Pod\nmetadata: { name: a }', "in.yaml:1:1: Object 'apiVersion' is missing in this Pod"],
    ['apiVersion: v1\nmetadata: { name: a }', "in.yaml:1:1: Object 'Kind' is missing"],
    ['apiVersion: v2\nkind: Pod', 'in.yaml:1:13: no matches for kind "Pod" in version "v2", expected v1'],
    ['just text', 'in.yaml:1:1: this is a string, expected a Kubernetes object'],
    [
      'apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: { containers: [{ name: a }] }',
      'in.yaml:3:11: Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
  ])('in the envelope: %j', (text, message) => {
    expect(errors(text)).toEqual([message])
  })

  it('do not come as a crash, whatever the text', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
      .split('')
      .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`)
      .join('\n')}\n`
    expect(errors(bomb)[0]).toMatch(/aliases expand this document beyond reason/)
    expect(errors('['.repeat(20_000))).not.toEqual([])
    expect(errors(`apiVersion: v1\nkind: Pod\nspec: ${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`)).not.toEqual([])
    expect(errors(`{"a":${'['.repeat(100_000)}`)[0]).toMatch(/at most 200 levels of nesting/)
    expect(errors('apiVersion: v1\nkind: Pod\nmetadata: [1]\nspec: no').length).toBeGreaterThan(1)
    expect(errors(`x: ${'y'.repeat(33 * 1024 * 1024)}`)[0]).toMatch(/MB of YAML, expected at most 32 MiB/)
  })

  it('in JSON nested beyond what the scanner follows come at their object', () => {
    const deep = `{"kind":"Pod","a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`
    expect(errors(deep, 'a.json')[0]).toMatch(/^a\.json:1:\d+: .*(nesting|apiVersion)/)
  })

  it('stop at fifty', () => {
    const many = Array.from({ length: 80 }, () => '{"kind":"Pod"}').join('\n')
    expect(errors(many, 'a.ndjson')).toHaveLength(50)
  })
})

describe('texts that are none', () => {
  it('are refused when they hold NUL bytes, and told of when they are not UTF-8', () => {
    expect(errors('apiVersion: v1\nki\0nd: Pod\n')).toEqual(['in.yaml:2:3: this is not text, expected YAML or JSON'])
    expect(warnings(`# caf\ufffd\n${pod('a', 'n1', '10.1.1.1')}`)).toEqual([
      'in.yaml:1:6: warning: this is not UTF-8: what cannot be read was replaced',
    ])
  })

  it('are told of when they hold no object', () => {
    for (const text of ['', '\n\n', '# only a comment\n', '---\n'])
      expect(warnings(text)).toEqual(['in.yaml:1:1: warning: there is no object in it'])
  })

  it('cannot steer the terminal by what messages quote of them', () => {
    expect(errors('apiVersion: v1\nkind: Pod\nmetadata: { name: "\\e[2Ja" }\nspec: { containers: [] }')[0]).toContain(
      '\\x1b[2Ja',
    )
  })
})

describe('warnings', () => {
  it('tell of duplicate keys in JSON; the later one counts, as for the API server', () => {
    const text = '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","labels":{"x":"1","x":"2"},"name":"b"}}'
    for (const form of [text, text.replaceAll(',', ',\n')]) {
      const found = read(form, 'a.json')
      expect(found.namespaces[0].name).toBe('b')
      expect(found.diagnostics.map(({ message }) => message)).toEqual([
        'duplicate field "x": this one counts',
        'duplicate field "name": this one counts',
      ])
    }
  })
})

describe('warnings between objects', () => {
  it('tell of duplicates; the later object counts', () => {
    const text = pod('a', 'n1', '10.1.1.1') + pod('a', 'n2', '10.1.1.2')
    expect(warnings(text)).toEqual(['in.yaml:7:1: warning: Pod default/a is given more than once: this one counts'])
    expect(read(text).pods.map((p) => p.node)).toEqual(['n2'])
  })

  it('tell of addresses that two objects have, and sum up many', () => {
    const text =
      node('n1', '192.168.56.11', '10.244.1.0/24') + pod('a', 'n1', '10.244.1.2') + pod('b', 'n1', '10.244.1.2')
    expect(warnings(text)).toEqual([
      'in.yaml:13:1: warning: Pod default/b has the address 10.244.1.2, which Pod default/a has too',
    ])
    const many = Array.from({ length: 9 }, (_, i) => pod(`p${i}`, 'n1', '10.244.1.2')).join('')
    const found = warnings(many)
    expect(found).toHaveLength(6)
    expect(found[5]).toBe('podwire: warning: 3 more objects claim the address of another')
  })

  it('tell of Services that have the same address or node port, and where the other one is', () => {
    const service = (name: string, spec: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ${spec} }\n---\n`
    const port = 'ports: [{ port: 80, nodePort: 30080 }], type: NodePort'
    expect(
      warnings(service('a', `clusterIP: 10.96.0.80, ${port}`) + service('b', `clusterIP: 10.96.0.80, ${port}`)),
    ).toEqual([
      'in.yaml:6:1: warning: the ClusterIP 10.96.0.80 of Service default/b is that of Service default/a (in.yaml:1) too, whose rules come first',
      'in.yaml:6:1: warning: nodePort 30080/TCP of Service default/b is that of Service default/a (in.yaml:1) too, whose rules come first',
    ])
  })

  it('tell of a target port that no selected pod has, and of endpoints of no Service', () => {
    const text = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: c, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: htpp }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: lost-1, labels: { kubernetes.io/service-name: lost } }
addressType: IPv4
ports: [{ port: 80 }]
endpoints: [{ addresses: [10.244.1.9] }]
`
    expect(warnings(text)).toEqual([
      'in.yaml:6:1: warning: targetPort htpp of Service default/web is no TCP port of Pod default/web (in.yaml:1): port 80 has no endpoint',
      'in.yaml:11:1: warning: EndpointSlice default/lost-1 is of Service default/lost, which is not there: nothing leads to its endpoints',
    ])
    expect(warnings(text.replace('htpp', 'http').replace('name: lost }', 'name: web }'))).toEqual([])
  })

  it('tell of overlapping ranges, of nodes within them, and of pods outside theirs', () => {
    expect(warnings(node('a', '192.168.56.11', '10.244.0.0/16') + node('b', '192.168.56.12', '10.244.2.0/24'))).toEqual(
      ['in.yaml:7:1: warning: pod ranges overlap: 10.244.0.0/16 of a and 10.244.2.0/24 of b'],
    )
    expect(warnings(node('a', '192.168.56.11', '192.168.56.0/24'))[0]).toMatch(
      /contains the address 192.168.56.11 of Node a/,
    )
    expect(warnings(node('n1', '192.168.56.11', '10.244.1.0/24') + pod('a', 'n1', '10.244.9.2'))).toEqual([
      'in.yaml:7:1: warning: Pod default/a has 10.244.9.2, outside the pod range 10.244.1.0/24 of Node n1',
    ])
  })

  it('list every kind that is skipped, and know which could change a verdict', () => {
    const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\n---\n'
    const secret = 'apiVersion: v1\nkind: LimitRange\nmetadata: { name: s }\n---\n'
    const inventory = read(policy + secret + secret)
    expect(inventory.diagnostics.map(formatDiagnostic)).toEqual([
      'podwire: note: skipped 1 NetworkPolicy of networking.k8s.io/v1 (deny): this kind is not modelled',
      'podwire: note: skipped 2 LimitRange of v1 (s, s): this kind is not modelled',
    ])
    expect(inventory.skipped.map(({ kind, changesVerdicts }) => [kind, changesVerdicts])).toEqual([
      ['NetworkPolicy', true],
      ['LimitRange', false],
    ])
  })
})
