import type { LoadBalancerIngress, Service, ServicePort, TrafficDistribution } from '../../../kube/api/service.ts'
import type { Address } from '../../../util/address.ts'
import type { Prefix } from '../../../util/prefix.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { checkPortName, readMeta } from './meta.ts'

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const
const POLICIES = ['Cluster', 'Local'] as const
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const AFFINITY_TIMEOUT = 10_800

export function readService(reader: ObjectReader, root: Fields): Service {
  const spec = root.child('spec', 'ServiceSpec')
  const type = spec.oneOf('type', TYPES, 'ClusterIP')
  const headless = spec.text('clusterIP') === 'None' || spec.texts('clusterIPs')[0] === 'None'
  const balancer = root.child('status', 'ServiceStatus').child('loadBalancer', 'LoadBalancerStatus')
  const clientIP = spec.child('sessionAffinityConfig', 'SessionAffinityConfig').child('clientIP', 'ClientIPConfig')
  return {
    meta: readMeta(reader, root, 'Namespaced'),
    type,
    clusterIPs: headless || type === 'ExternalName' ? [] : readClusterIPs(spec),
    headless: headless && type !== 'ExternalName',
    externalName: type === 'ExternalName' ? spec.required('externalName') : '',
    ports: readPorts(spec, type, headless),
    selector:
      spec.has('selector') && spec.child('selector', 'Selector').keys().length > 0 ? spec.labels('selector') : null,
    externalIPs: spec.addresses('externalIPs'),
    ingress: readIngress(balancer, spec),
    sourceRanges: readSourceRanges(spec),
    loadBalancerClass: spec.text('loadBalancerClass'),
    healthCheckNodePort: spec.int('healthCheckNodePort'),
    sessionAffinity: spec.oneOf('sessionAffinity', ['None', 'ClientIP'], 'None'),
    affinityTimeout: clientIP.int('timeoutSeconds', AFFINITY_TIMEOUT),
    internalTrafficPolicy: spec.oneOf('internalTrafficPolicy', POLICIES, 'Cluster'),
    externalTrafficPolicy: spec.oneOf('externalTrafficPolicy', POLICIES, 'Cluster'),
    publishNotReadyAddresses: spec.flag('publishNotReadyAddresses'),
    trafficDistribution: readDistribution(spec),
  }
}

function readClusterIPs(spec: Fields): Address[] {
  const many = spec.addresses('clusterIPs')
  const one = spec.address('clusterIP')
  return many.length > 0 || one === null ? many : [one]
}

/** White space around a range is no fault, as nowhere else. */
function readSourceRanges(spec: Fields): Prefix[] {
  const key = 'loadBalancerSourceRanges'
  return spec.texts(key).flatMap((text, i) => spec.toPrefix(text.trim(), [key, i]) ?? [])
}

function readPorts(spec: Fields, type: Service['type'], headless: boolean): ServicePort[] {
  const list = spec.list('ports', 'ServicePort')
  if (list.length === 0 && type !== 'ExternalName' && !headless) spec.fault('ports', 'Required value')
  const seen = new Set<string>()
  return list.map((fields) => {
    const port = readPort(fields)
    if (list.length > 1 && port.name === '') fields.fault('name', 'Required value')
    checkPortName(fields, port.name)
    const key = `${port.port}/${port.protocol}`
    if (seen.has(key)) fields.faultAt([], `Duplicate value: {"port":${port.port},"protocol":"${port.protocol}"}`)
    seen.add(key)
    return port
  })
}

function readPort(fields: Fields): ServicePort {
  if (!fields.has('port')) fields.fault('port', 'Required value')
  const port = fields.port('port')
  return {
    name: fields.text('name'),
    port,
    protocol: fields.oneOf('protocol', PROTOCOLS, 'TCP'),
    targetPort: fields.intOrString('targetPort') || port,
    nodePort: fields.port('nodePort'),
    appProtocol: fields.text('appProtocol'),
  }
}

/** `spec.loadBalancerIP` is what a manifest asks for; `status.loadBalancer` is what the cloud gave. */
function readIngress(balancer: Fields, spec: Fields): LoadBalancerIngress[] {
  const given = balancer.list('ingress', 'LoadBalancerIngress').flatMap((entry) => {
    const address = entry.address('ip')
    return address === null ? [] : [{ address, mode: entry.oneOf('ipMode', ['VIP', 'Proxy'], 'VIP') }]
  })
  const asked = spec.address('loadBalancerIP')
  return given.length > 0 || asked === null ? given : [{ address: asked, mode: 'VIP' }]
}

function readDistribution(spec: Fields): TrafficDistribution {
  const value = spec.oneOf('trafficDistribution', ['', 'PreferClose', 'PreferSameZone', 'PreferSameNode'], '')
  return value === 'PreferClose' ? 'PreferSameZone' : value
}
