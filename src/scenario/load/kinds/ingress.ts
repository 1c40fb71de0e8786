import {
  CLASS_ANNOTATION,
  type Ingress,
  type IngressBackend,
  type IngressClass,
  type IngressPath,
  type IngressRule,
  type IngressTls,
  PATH_TYPES,
} from '../../../kube/api/ingress.ts'
import { parseAddress } from '../../../util/address.ts'
import type { Fields, ObjectReader } from '../fields.ts'
import { readMeta } from './meta.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case " +
  "alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for " +
  "validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end " +
  "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
/** What no path of type Exact or Prefix may hold, nor end with (pkg/apis/networking/validation). */
const SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'] as const
const SUFFIXES = ['/..', '/.'] as const

/** Validated in the API server's words (ValidateIngressCreate). */
export function readIngress(reader: ObjectReader, root: Fields): Ingress {
  const meta = readMeta(reader, root, 'Namespaced')
  const spec = root.child('spec', 'IngressSpec')
  const className = spec.has('ingressClassName') ? spec.text('ingressClassName') : null
  if (className !== null && (!SUBDOMAIN.test(className) || className.length > 253))
    spec.fault('ingressClassName', `Invalid value: "${className}": ${SUBDOMAIN_TEXT}`)
  const annotated = meta.annotations[CLASS_ANNOTATION]
  const metadata = root.child('metadata', 'ObjectMeta')
  const from = metadata.has('uid') || metadata.has('resourceVersion') ? 'cluster' : 'manifest'
  // Only when it is created; what a cluster holds may have both.
  if (className !== null && annotated !== undefined && from === 'manifest') {
    const message = `Invalid value: "${annotated}": can not be set when the class field is also set`
    root.faultAt(['metadata', 'annotations', CLASS_ANNOTATION], message)
  }
  const rules = spec.list('rules', 'IngressRule').map(readRule)
  if (rules.length === 0 && !spec.has('defaultBackend'))
    root.faultAt(['spec'], 'Invalid value: []: either `defaultBackend` or `rules` must be specified')
  return {
    meta,
    className,
    defaultBackend: spec.has('defaultBackend') ? readBackend(spec.child('defaultBackend', 'IngressBackend')) : null,
    rules,
    tls: spec.list('tls', 'IngressTLS').map(readTls),
    created: createdAt(metadata),
    from,
  }
}

function createdAt(metadata: Fields): number | null {
  const time = Date.parse(metadata.text('creationTimestamp'))
  return Number.isNaN(time) ? null : time
}

export function readIngressClass(reader: ObjectReader, root: Fields): IngressClass {
  const spec = root.child('spec', 'IngressClassSpec')
  const controller = spec.required('controller')
  if (controller !== '' && !/^[a-z0-9.-]+\/\S+$/.test(controller))
    spec.fault('controller', `Invalid value: "${controller}": must be a domain-prefixed path (such as "acme.io/foo")`)
  return { meta: readMeta(reader, root, 'Cluster'), controller }
}

function readRule(fields: Fields): IngressRule {
  const host = fields.text('host')
  if (host !== '') {
    if (parseAddress(host) !== null)
      fields.fault('host', `Invalid value: "${host}": must be a DNS name, not an IP address`)
    else checkHost(host, (message) => fields.fault('host', message))
  }
  if (!fields.has('http')) return { host, paths: null }
  const http = fields.child('http', 'HTTPIngressRuleValue')
  const paths = http.list('paths', 'HTTPIngressPath').map(readPath)
  if (paths.length === 0) http.fault('paths', 'Required value')
  return { host, paths }
}

function checkHost(host: string, fault: (message: string) => void): void {
  const [form, text] = host.includes('*')
    ? ([WILDCARD, WILDCARD_TEXT] as const)
    : ([SUBDOMAIN, SUBDOMAIN_TEXT] as const)
  if (!form.test(host) || host.length > 253) fault(`Invalid value: "${host}": ${text}`)
}

function readPath(fields: Fields): IngressPath {
  const path = fields.text('path')
  if (!fields.has('pathType')) fields.fault('pathType', 'Required value: pathType must be specified')
  const pathType = fields.oneOf('pathType', PATH_TYPES, 'ImplementationSpecific')
  const absolute = path.startsWith('/')
  if (!absolute && (path !== '' || pathType !== 'ImplementationSpecific'))
    fields.fault('path', `Invalid value: "${path}": must be an absolute path`)
  else if (pathType !== 'ImplementationSpecific') {
    for (const sequence of SEQUENCES)
      if (path.includes(sequence)) fields.fault('path', `Invalid value: "${path}": must not contain '${sequence}'`)
    for (const suffix of SUFFIXES)
      if (path.endsWith(suffix)) fields.fault('path', `Invalid value: "${path}": cannot end with '${suffix}'`)
  }
  if (!fields.has('backend')) fields.fault('backend', 'Required value: a backend is needed')
  return {
    path,
    pathType,
    backend: fields.has('backend') ? readBackend(fields.child('backend', 'IngressBackend')) : null,
  }
}

function readBackend(fields: Fields): IngressBackend | null {
  const [service, resource] = [fields.has('service'), fields.has('resource')]
  if (service && resource) {
    fields.fault('', 'Invalid value: "": cannot set both resource and service backends')
    return null
  }
  if (resource) return null
  if (!service) {
    fields.fault('', 'Required value: resource or service backend is required')
    return null
  }
  const backend = fields.child('service', 'IngressServiceBackend')
  const name = backend.required('name')
  if (name !== '' && (!LABEL.test(name) || name.length > 63))
    backend.fault('name', `Invalid value: "${name}": ${LABEL_TEXT}`)
  const port = backend.child('port', 'ServiceBackendPort')
  if (port.has('name') && port.has('number')) {
    backend.fault('', 'Invalid value: "": cannot set both port name & port number')
  } else if (!port.has('name') && !port.has('number')) {
    backend.fault('', 'Required value: port name or number is required')
  }
  return { service: name, port: port.has('name') ? port.text('name') : port.port('number') }
}

function readTls(fields: Fields): IngressTls {
  const hosts = fields.texts('hosts')
  for (const [i, host] of hosts.entries()) checkHost(host, (message) => fields.faultAt(['hosts', i], message))
  const secretName = fields.text('secretName')
  if (secretName !== '' && (!SUBDOMAIN.test(secretName) || secretName.length > 253))
    fields.fault('secretName', `Invalid value: "${secretName}": ${SUBDOMAIN_TEXT}`)
  return { hosts, secretName }
}
