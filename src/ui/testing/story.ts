import { summarise } from '../../explain/frame-summary.ts'
import type { Action, Hop } from '../../explain/hops.ts'
import type { Trace } from '../../explain/trace.ts'
import { Recorder } from '../../trace/recorder.ts'
import { mac, v4 } from '../../util/address.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import { echoWord, writeIcmp } from '../../wire/fast/icmp.ts'
import { writeIpv4 } from '../../wire/fast/ipv4.ts'
import { Frame } from '../../wire/frame.ts'
import type { Experience, Story, StoryRequest } from '../model/experience.ts'
import { exampleHandshake } from './handshake.ts'
import { exampleLife } from './life.ts'

/** A small cluster with one traced ping, for tests of what the screens draw. */
export function exampleExperience(): Experience {
  return {
    title: 'first',
    seed: 1,
    overlay: 'vxlan',
    proxyMode: 'iptables',
    underlay: '192.168.56.0/24',
    cluster: () => ({
      services: [{ name: 'default/web', address: '10.96.0.80', endpoints: ['10.244.1.3:8080', '10.244.2.2:8080'] }],
      nodes: [
        node('control-plane', '192.168.56.10', 0, []),
        node('node-1', '192.168.56.11', 1, ['client', 'web-1']),
        node('node-2', '192.168.56.12', 2, ['web-2']),
      ],
    }),
    trace: exampleStory,
    life: exampleLife,
    handshakes: () => [exampleHandshake()],
  }
}

function node(name: string, address: string, index: number, pods: readonly string[]) {
  return {
    name,
    address,
    pods: pods.map((pod, i) => ({
      namespace: 'default',
      name: pod,
      address: `10.244.${index}.${i + 2}`,
      phase: 'Running',
    })),
    devices: [
      { name: 'cni0', address: `10.244.${index}.1` },
      { name: 'flannel.1', address: `10.244.${index}.0` },
      { name: 'eth0', address },
    ],
  }
}

type Sketch = readonly [node: string, netns: string, device: string, action: Action, why: string]

const FORWARD: readonly Sketch[] = [
  [
    'node-1',
    'default/client',
    'eth0',
    'transmit',
    '10.244.2.2 matches no other route: default via 10.244.1.1 dev eth0',
  ],
  ['node-1', 'host', 'veth1', 'receive', ''],
  ['node-1', 'host', 'cni0', 'receive', ''],
  ['node-1', 'host', '', 'route', '10.244.2.2 matches 10.244.2.0/24 via 10.244.2.0 dev flannel.1; ttl 64 => 63'],
  ['node-1', 'host', 'flannel.1', 'transmit', ''],
  ['node-1', 'host', 'flannel.1', 'encap', 'VNI 1, outer 192.168.56.11 > 192.168.56.12, udp 8472, +50 B'],
  ['node-1', 'host', 'eth0', 'transmit', ''],
  ['node-2', 'host', 'eth0', 'receive', ''],
  ['node-2', 'host', 'flannel.1', 'decap', 'VNI 1 from 192.168.56.11'],
  ['node-2', 'host', 'cni0', 'transmit', ''],
  ['node-2', 'default/web-2', 'eth0', 'receive', ''],
  ['node-2', 'default/web-2', '', 'deliver', 'the kernel takes it itself'],
]

function exampleStory(request: StoryRequest): Story {
  if (request.to.includes('nowhere')) throw new Error('there is no pod nowhere')
  const recorded = new Recorder()
  const hops = FORWARD.map((sketch, i) => hopOf(recorded, sketch, i, 1))
  const back = [...FORWARD].reverse().map((sketch, i) => hopOf(recorded, sketch, i, 2))
  const trace: Trace = {
    request: { ...request, port: null },
    verdict: 'delivered',
    forward: { hops },
    reply: { hops: back },
    delivered: { kind: 'pod', namespace: 'default', name: 'web-2', node: 'node-2', address: '10.244.2.2', port: 0 },
    conntrack: [],
    assumed: [],
    unmodelled: [],
  }
  return { request, lives: true, trace, recorded }
}

function hopOf(recorded: Recorder, [node, netns, device, action, why]: Sketch, i: number, packet: number): Hop {
  const frame = Frame.allocate(64)
  frame.end += 20
  writeIcmp(frame, 8, 0, echoWord(7, 1))
  writeIpv4(frame, v4('10.244.1.2'), v4('10.244.2.2'), 1, i > 3 ? 63 : 64)
  writeEthernet(frame, mac('0a:58:0a:f4:01:01'), mac('0a:58:0a:f4:01:02'), 0x0800)
  const step = recorded.step(i * 50_000, recorded.place(node, netns, device), 0, packet, frame, { kind: 'transmit' })
  return {
    n: i + 1,
    at: i * 50_000,
    packet,
    step,
    node,
    netns,
    device,
    direction: action === 'transmit' ? 'out' : action === 'receive' ? 'in' : 'local',
    action,
    frame: summarise(frame.copy()),
    what: '',
    why,
    rule: null,
    context: [],
  }
}
