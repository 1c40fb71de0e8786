// Writes src/scenario/load/known-fields.ts: the fields that the API server knows, of the kinds that podwire reads, from the types of
// the package kubernetes-types, and those that came since its version. Run by hand: node .build/known-fields.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const files = ['core/v1', 'apps/v1', 'batch/v1', 'policy/v1', 'discovery/v1', 'networking/v1', 'meta/v1']
const KINDS = [
  ...['Namespace', 'Pod', 'ReplicationController', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet'],
  ...['Job', 'CronJob', 'PodDisruptionBudget', 'Service', 'Endpoints', 'EndpointSlice', 'ConfigMap'],
  ...['Ingress', 'IngressClass'],
]
/** Fields of Kubernetes 1.31 to 1.35. */
const SINCE = {
  PodSpec: { resources: 'ResourceRequirements', hostnameOverride: '', workloadRef: '*' },
  Container: { restartPolicyRules: '*' },
  EphemeralContainer: { restartPolicyRules: '*' },
  Lifecycle: { stopSignal: '' },
  EnvVarSource: { fileKeyRef: '*' },
  PodSecurityContext: { seLinuxChangePolicy: '', supplementalGroupsPolicy: '', appArmorProfile: '*' },
  SecurityContext: { appArmorProfile: '*' },
  Volume: { image: '*' },
  VolumeProjection: { podCertificate: '*', clusterTrustBundle: '*' },
  VolumeMount: { recursiveReadOnly: '' },
  PodResourceClaim: { resourceClaimName: '', resourceClaimTemplateName: '' },
  ResourceClaim: { request: '' },
  JobSpec: { managedBy: '', successPolicy: '*' },
  ServiceSpec: { trafficDistribution: '' },
  EndpointHints: { forNodes: '*' },
  EndpointConditions: {},
}

const types = new Map()
for (const file of files) {
  const text = readFileSync(join(root, 'node_modules/kubernetes-types', `${file}.d.ts`), 'utf8')
  for (const [, name, body] of text.matchAll(/export interface (\w+) \{\n([\s\S]*?)\n\}/g)) {
    const fields = {}
    for (const [, field, type] of body.matchAll(/^ {4}(?:readonly )?"?([\w$]+)"?\??: (.+?)[;]?$/gm))
      fields[field] = type
    if (!types.has(name)) types.set(name, fields)
  }
}

const reached = new Map()
function reach(name) {
  if (reached.has(name) || !types.has(name)) return
  const own = {}
  reached.set(name, own)
  for (const [field, type] of Object.entries(types.get(name))) own[field] = field === 'status' ? '*' : shapeOf(type)
  Object.assign(own, SINCE[name] ?? {})
  for (const shape of Object.values(own)) if (/^\[?[A-Z]/.test(shape)) reach(shape.replace('[', ''))
}

/** `Name` for an object, `[Name` for a list of them, `*` for what may hold anything, empty for the rest. */
function shapeOf(type) {
  const list = /^Array<(.+)>$/.exec(type)
  const name = (list?.[1] ?? type).split('.').at(-1)
  if (types.has(name) && Object.keys(types.get(name)).length > 0) return (list === null ? '' : '[') + name
  return /^\{|Record|any|unknown|object/.test(type) ? '*' : ''
}

for (const kind of KINDS) reach(kind)
const lines = [...reached]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, fields]) => {
    const words = Object.entries(fields).map(([field, shape]) => (shape === '' ? field : `${field}:${shape}`))
    return `  ${name}:\n    '${words.join(' ')}',`
  })
writeFileSync(
  join(root, 'src/scenario/load/known-fields.ts'),
  `// Written by .build/known-fields.mjs from kubernetes-types, with the fields of later versions.

/** \`field:Type\`, \`field:[Type\` for a list, \`field:*\` for what may hold anything. */
export const KNOWN_FIELDS: Readonly<Record<string, string>> = {
${lines.join('\n')}
}
`,
)
