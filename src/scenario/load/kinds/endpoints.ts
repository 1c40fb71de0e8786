import type { EndpointSlice, SliceEndpoint, SlicePort } from '../../../kube/api/service.ts'
import { type Address, type Family, familyOf } from '../../../util/address.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta } from './meta.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const SERVICE_NAME = 'kubernetes.io/service-name'

export function readEndpointSlice(reader: ObjectReader, root: Fields): EndpointSlice[] {
  const meta = readMeta(reader, root, 'Namespaced')
  const type = root.oneOf('addressType', ['IPv4', 'IPv6', 'FQDN'], 'IPv4')
  if (!root.has('addressType')) root.fault('addressType', 'Required value')
  if (type === 'FQDN') {
    root.warn('addressType', `EndpointSlice ${meta.namespace}/${meta.name} is of type FQDN, which kube-proxy ignores`)
    return []
  }
  const family: Family = type === 'IPv6' ? 6 : 4
  return [
    {
      meta,
      service: meta.labels[SERVICE_NAME] ?? '',
      family,
      ports: root.list('ports', 'EndpointPort').map(readPort),
      endpoints: root.list('endpoints', 'Endpoint').map((endpoint) => readEndpoint(endpoint, family)),
      from: 'EndpointSlice',
    },
  ]
}

/**
 * core/v1 Endpoints: one slice per subset and family, as the EndpointSliceMirroring controller makes them, each with a name of
 * its own (the controller ends it in five characters by chance, we count).
 */
export function readEndpoints(reader: ObjectReader, root: Fields): EndpointSlice[] {
  const meta = readMeta(reader, root, 'Namespaced')
  const slices = root.list('subsets', 'EndpointSubset').flatMap((subset) => {
    const ports = subset.list('ports', 'EndpointPort').map(readPort)
    const endpoints = [
      ...subset.list('addresses', 'EndpointAddress').flatMap((entry) => readSubsetAddress(entry, true)),
      ...subset.list('notReadyAddresses', 'EndpointAddress').flatMap((entry) => readSubsetAddress(entry, false)),
    ]
    return ([4, 6] as const).flatMap((family): EndpointSlice[] => {
      const own = endpoints.filter((endpoint) => familyOf(endpoint.addresses[0]) === family)
      return own.length === 0 ? [] : [{ meta, service: meta.name, family, ports, endpoints: own, from: 'Endpoints' }]
    })
  })
  return slices.map((slice, i) => ({ ...slice, meta: { ...meta, name: `${meta.name}-${i + 1}` } }))
}

function readPort(port: Fields): SlicePort {
  return {
    name: port.text('name'),
    port: port.port('port'),
    protocol: port.oneOf('protocol', PROTOCOLS, 'TCP'),
  }
}

function readEndpoint(endpoint: Fields, family: Family): SliceEndpoint {
  const conditions = endpoint.child('conditions', 'EndpointConditions')
  const hints = endpoint.child('hints', 'EndpointHints')
  const ready = conditions.flag('ready', true)
  return {
    addresses: endpoint.texts('addresses').flatMap((text, i) => readAddress(endpoint, text, i, family)),
    ready,
    serving: conditions.flag('serving', ready),
    terminating: conditions.flag('terminating'),
    hostname: endpoint.text('hostname'),
    node: endpoint.text('nodeName'),
    zone: endpoint.text('zone'),
    hintZones: hints.list('forZones', 'ForZone').map((zone) => zone.text('name')),
    hintNodes: hints.list('forNodes', 'ForNode').map((node) => node.text('name')),
    pod: podBehind(endpoint),
  }
}

function readAddress(endpoint: Fields, text: string, i: number, family: Family): Address[] {
  const address = endpoint.toAddress(text, ['addresses', i])
  if (address === null) return []
  if (familyOf(address) === family) return [address]
  endpoint.faultAt(['addresses', i], `Invalid value: "${text}": must be an IPv${family} address`)
  return []
}

function readSubsetAddress(entry: Fields, ready: boolean): SliceEndpoint[] {
  const address = entry.address('ip')
  if (address === null) return []
  return [
    {
      addresses: [address],
      ready,
      serving: ready,
      terminating: false,
      hostname: entry.text('hostname'),
      node: entry.text('nodeName'),
      zone: '',
      hintZones: [],
      hintNodes: [],
      pod: podBehind(entry),
    },
  ]
}

function podBehind(endpoint: Fields): string {
  const target = endpoint.child('targetRef', 'ObjectReference')
  return target.text('kind') === 'Pod' ? `${target.text('namespace', 'default')}/${target.text('name')}` : ''
}
