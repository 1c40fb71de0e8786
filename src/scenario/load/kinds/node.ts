import type { Node } from '../../../kube/api/node.ts'
import { type Address, parseAddress } from '../../../util/address.ts'
import type { Prefix } from '../../../util/prefix.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta } from './meta.ts'

const ZONES = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

export function readNode(reader: ObjectReader, root: Fields): Node {
  const meta = readMeta(reader, root, 'Cluster')
  const spec = root.child('spec', 'NodeSpec')
  const status = root.child('status', 'NodeStatus')
  const ready = status.list('conditions', 'NodeCondition').find((condition) => condition.text('type') === 'Ready')
  return {
    meta,
    ...readAddresses(status),
    podCIDRs: readPodCIDRs(spec),
    ready: ready === undefined || ready.text('status') === 'True',
    unschedulable: spec.flag('unschedulable'),
    controlPlane: CONTROL_PLANE.some((label) => label in meta.labels),
    zone: ZONES.map((label) => meta.labels[label]).find((zone) => zone !== undefined) ?? '',
    provider: /^([a-z]+):\/\//.exec(spec.text('providerID'))?.[1] ?? '',
    inferred: false,
  }
}

function readAddresses(status: Fields): { addresses: Address[]; externalAddresses: Address[] } {
  const addresses: Address[] = []
  const externalAddresses: Address[] = []
  for (const entry of status.list('addresses', 'NodeAddress')) {
    const type = entry.text('type')
    if (type !== 'InternalIP' && type !== 'ExternalIP') continue
    const address = parseAddress(entry.text('address'))
    if (address === null)
      entry.fault('address', `Invalid value: "${entry.text('address')}": must be a valid IP address`)
    else (type === 'InternalIP' ? addresses : externalAddresses).push(address)
  }
  return { addresses, externalAddresses }
}

function readPodCIDRs(spec: Fields): Prefix[] {
  const many = spec.prefixes('podCIDRs')
  const text = spec.text('podCIDR')
  if (many.length > 0 || text === '') return many
  const one = spec.toPrefix(text, ['podCIDR'])
  return one === null ? [] : [one]
}
