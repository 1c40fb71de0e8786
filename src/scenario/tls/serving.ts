import type { Fault } from '../../pki/certificates.ts'
import { FAULTS } from '../../pki/certificates.ts'
import type { KeyType } from '../../pki/keys.ts'
import { DEFAULT_GROUPS, SUITES, type Version } from '../../tls/tls.ts'

export type Scheme = 'http' | 'https' | 'tcp' | 'udp' | 'edge'

/** How an edge treats connections for one host. */
export interface EdgeRoute {
  readonly mode: 'passthrough' | 'terminate' | 'reencrypt'
  /** As the client names it in SNI; `*.example.org` stands for one label. */
  readonly host: string
  /** A name that the pod resolves. */
  readonly backend: string
  readonly port: number
}

/** How a port speaks TLS. */
export interface TlsServing {
  /** Secrets of the pod's namespace, by name; without any, a certificate is issued for the pod. */
  readonly secrets: readonly string[]
  /** What is wrong with the certificate that is issued, for lessons. */
  readonly fault: Fault | null
  /** Of the certificate that is issued. */
  readonly key: KeyType
  readonly names: readonly string[] | null
  /** Whom to trust in clients: `cluster-ca`, `secret/NAME` or `configmap/NAME`. Null: nobody is asked. */
  readonly clientCa: string | null
  readonly clientAuth: 'request' | 'require'
  readonly versions: readonly Version[] | undefined
  readonly suites: readonly string[] | undefined
  readonly groups: readonly string[] | undefined
  readonly alpn: readonly string[]
  /** Bytes of 0-RTT data that are taken. */
  readonly earlyData: number
  readonly tickets: boolean
  /** Whether a Secret that changes is read again; servers that do not need a restart. */
  readonly reload: boolean
  readonly routes: readonly EdgeRoute[]
}

export const PLAIN: TlsServing = {
  secrets: [],
  fault: null,
  key: 'p-256',
  names: null,
  clientCa: null,
  clientAuth: 'require',
  versions: undefined,
  suites: undefined,
  groups: undefined,
  alpn: ['http/1.1'],
  earlyData: 0,
  tickets: true,
  reload: true,
  routes: [],
}

type Mutable = { -readonly [K in keyof TlsServing]: TlsServing[K] }

/** What a parameter takes, for messages, and how it is read: false for a value it does not take. */
const PARAMETERS: Readonly<Record<string, readonly [string, (into: Mutable, value: string) => boolean]>> = {
  secret: ['a Secret of type kubernetes.io/tls', (into, v) => set(into, 'secrets', [...into.secrets, v], NAME.test(v))],
  fault: [Object.keys(FAULTS).join(', '), (into, v) => set(into, 'fault', v as Fault, Object.hasOwn(FAULTS, v))],
  key: ['rsa-2048, rsa-3072, p-256, p-384, ed25519', (into, v) => set(into, 'key', v as KeyType, KEYS.test(v))],
  names: ['web+web.default+10.96.0.80', (into, v) => set(into, 'names', listOf(v), v !== '')],
  clientCa: [
    'cluster-ca, secret/NAME or configmap/NAME',
    (into, v) => set(into, 'clientCa', v, /^(cluster-ca|(secret|configmap)\/.+)$/.test(v)),
  ],
  clientAuth: [
    'request or require',
    (into, v) => set(into, 'clientAuth', v as 'request' | 'require', v === 'request' || v === 'require'),
  ],
  minVersion: ['1.2 or 1.3', (into, v) => set(into, 'versions', ['TLS 1.3'], v === '1.3') || v === '1.2'],
  maxVersion: ['1.2 or 1.3', (into, v) => set(into, 'versions', ['TLS 1.2'], v === '1.2') || v === '1.3'],
  suites: ['names of cipher suites with + between them', (into, v) => known(into, 'suites', v, SUITE_NAMES)],
  groups: [DEFAULT_GROUPS.join('+'), (into, v) => known(into, 'groups', v, DEFAULT_GROUPS)],
  alpn: ['http/1.1', (into, v) => set(into, 'alpn', listOf(v), v !== '')],
  earlyData: ['bytes', (into, v) => set(into, 'earlyData', Number(v), /^\d{1,6}$/.test(v))],
  tickets: ['on or off', (into, v) => set(into, 'tickets', v === 'on', v === 'on' || v === 'off')],
  reload: ['on or off', (into, v) => set(into, 'reload', v === 'on', v === 'on' || v === 'off')],
}
/** Of an edge: where connections for a host go. */
const MODES = ['passthrough', 'terminate', 'reencrypt'] as const

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const KEYS = /^(rsa-2048|rsa-3072|p-256|p-384|ed25519)$/
const SUITE_NAMES = SUITES.map(({ name }) => name)
const ROUTE = /^((?:\*\.)?[a-z0-9.-]+)>([a-z0-9.:-]+?):(\d{1,5})$/

const listOf = (text: string): string[] => text.split('+').filter((part) => part !== '')

/** Reads `secret=web-tls&clientCa=cluster-ca`. A sentence where a parameter or its value is not known. */
export function readTlsServing(scheme: 'https' | 'edge', query: string): TlsServing | string {
  const into: Mutable = { ...PLAIN }
  for (const part of query.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const key = at < 0 ? part : part.slice(0, at)
    const value = at < 0 ? '' : part.slice(at + 1)
    const mode = MODES.find((name) => name === key)
    if (mode !== undefined && scheme === 'edge') {
      const route = routeOf(mode, value)
      if (route === null) return `${key}=${value}: expected HOST>SERVICE:PORT`
      into.routes = [...into.routes, route]
      continue
    }
    if (!Object.hasOwn(PARAMETERS, key)) {
      const names = [...Object.keys(PARAMETERS), ...(scheme === 'edge' ? MODES : [])]
      return `parameter "${key}" is not known: expected one of ${names.join(', ')}`
    }
    const [form, read] = PARAMETERS[key]
    if (!read(into, value)) return `${key}=${value}: expected ${form}`
  }
  if (scheme === 'edge' && into.routes.length === 0) return 'an edge needs a route: terminate=HOST>SERVICE:PORT'
  if (into.secrets.length > 0 && into.fault !== null) return 'a Secret has its own faults: expected secret or fault'
  return into
}

function routeOf(mode: EdgeRoute['mode'], text: string): EdgeRoute | null {
  const match = ROUTE.exec(text)
  return match === null ? null : { mode, host: match[1], backend: match[2], port: Number(match[3]) }
}

function set<K extends keyof Mutable>(into: Mutable, key: K, value: Mutable[K], fits: boolean): boolean {
  if (fits) into[key] = value
  return fits
}

function known(into: Mutable, key: 'suites' | 'groups', text: string, names: readonly string[]): boolean {
  const wanted = listOf(text)
  return set(into, key, wanted, wanted.length > 0 && wanted.every((name) => names.includes(name)))
}
