import { type Labels, type Meta, NO_LABELS, type Owner } from '../../../kube/api/meta.ts'
import type { Fields, ObjectReader } from '../fields.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

/** Annotations that say something about the data path; the rest is dropped as it is read. */
const KEPT = [
  'podwire.dev/',
  'flannel.alpha.coreos.com/',
  'projectcalico.org/',
  'service.kubernetes.io/',
  'kubernetes.io/ingress.class',
  'ingressclass.kubernetes.io/',
  'nginx.ingress.kubernetes.io/',
]

export function readMeta(reader: ObjectReader, root: Fields, scope: 'Cluster' | 'Namespaced'): Meta {
  const metadata = root.child('metadata', 'ObjectMeta')
  const namespace = scope === 'Cluster' ? '' : metadata.text('namespace', 'default')
  return {
    namespace,
    name: readName(metadata),
    labels: reader.shared.labels(metadata.labels('labels')),
    annotations: relevant(metadata.labels('annotations')),
    at: reader.raw.at([]),
  }
}

function readName(metadata: Fields): string {
  const name = metadata.text('name')
  if (name !== '') {
    if (!SUBDOMAIN.test(name) || name.length > 253) {
      metadata.fault('name', `Invalid value: "${name}": ${SUBDOMAIN_TEXT}`)
    }
  } else if (metadata.has('generateName')) {
    metadata.fault('generateName', 'cannot use generate name with apply: give metadata.name')
  } else {
    metadata.fault('name', 'Required value: name or generateName is required')
  }
  return name
}

export function readOwner(metadata: Fields): Owner | null {
  for (const owner of metadata.list('ownerReferences', 'OwnerReference')) {
    if (owner.flag('controller')) return { kind: owner.text('kind'), name: owner.text('name') }
  }
  return null
}

/** A port's name within a Service: a DNS label, as the API server wants it. */
export function checkPortName(fields: Fields, name: string): void {
  if (name !== '' && (!LABEL.test(name) || name.length > 63)) {
    const why = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
    fields.fault('name', `Invalid value: "${name}": ${why}`)
  }
}

function relevant(annotations: Labels): Labels {
  let kept: Record<string, string> | null = null
  for (const key in annotations) {
    if (!KEPT.some((prefix) => key.startsWith(prefix))) continue
    kept ??= {}
    kept[key] = annotations[key]
  }
  return kept ?? NO_LABELS
}
