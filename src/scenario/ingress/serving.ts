import { INGRESS_NGINX } from '../../kube/control/ingress/class.ts'
import type { ControllerOptions } from '../../kube/control/ingress/configuration.ts'

/** How a pod is an ingress controller. */
export interface IngressServing extends ControllerOptions {
  readonly http: number
  readonly https: number
  /** --default-ssl-certificate, `NS/NAME`; empty: the one that it makes itself. */
  readonly defaultCertificate: string
}

/** What follows `ingress?` in an annotation; null for another server. */
export const ingressQuery = (text: string): string | null => {
  const match = /^ingress(?:\?(.*))?$/.exec(text)
  return match === null ? null : (match[1] ?? '')
}

type Mutable = { -readonly [K in keyof IngressServing]: IngressServing[K] }

const DEFAULTS: IngressServing = {
  http: 80,
  https: 443,
  className: 'nginx',
  controller: INGRESS_NGINX,
  by: 'controller',
  withoutClass: 'ignored',
  passthrough: 'off',
  defaultBackend: null,
  defaultCertificate: '',
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const OBJECT = /^[a-z0-9][-a-z0-9]*\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const BACKEND = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-a-z0-9]*):([a-z0-9-]+)$/

/** What a parameter takes, for messages, and how it is read: false for a value it does not take. */
const PARAMETERS: Readonly<Record<string, readonly [string, (into: Mutable, value: string) => boolean]>> = {
  class: [
    'the name of an IngressClass',
    (into, v) => set(into, 'className', v, NAME.test(v)) && set(into, 'by', 'name', true),
  ],
  controller: [
    'spec.controller of IngressClasses, such as k8s.io/ingress-nginx',
    (into, v) => set(into, 'controller', v, /^[a-z0-9.-]+\/\S+$/.test(v)),
  ],
  withoutClass: [
    'served or ignored',
    (into, v) => set(into, 'withoutClass', v as 'served', /^(served|ignored)$/.test(v)),
  ],
  passthrough: ['on or off', (into, v) => set(into, 'passthrough', v as 'on', /^(on|off)$/.test(v))],
  http: ['a port', (into, v) => set(into, 'http', Number(v), isPort(v))],
  https: ['a port', (into, v) => set(into, 'https', Number(v), isPort(v))],
  defaultCertificate: ['NAMESPACE/SECRET', (into, v) => set(into, 'defaultCertificate', v, OBJECT.test(v))],
  defaultBackend: ['NAMESPACE/SERVICE:PORT', backend],
}

/** Reads `class=nginx&passthrough=on`. A sentence where a parameter or its value is not known. */
export function readIngressServing(query: string): IngressServing | string {
  const into: Mutable = { ...DEFAULTS }
  for (const part of query.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const [key, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    if (!Object.hasOwn(PARAMETERS, key))
      return `parameter "${key}" is not known: expected one of ${Object.keys(PARAMETERS).join(', ')}`
    const [form, read] = PARAMETERS[key]
    if (!read(into, value)) return `${key}=${value}: expected ${form}`
  }
  return into.http === into.https ? `http and https are both ${into.http}: expected two ports` : into
}

function backend(into: Mutable, text: string): boolean {
  const match = BACKEND.exec(text)
  if (match === null) return false
  const port = /^\d+$/.test(match[3]) ? Number(match[3]) : match[3]
  into.defaultBackend = { namespace: match[1], backend: { service: match[2], port } }
  return true
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

function set<K extends keyof Mutable>(into: Mutable, key: K, value: Mutable[K], fits: boolean): boolean {
  if (fits) into[key] = value
  return fits
}
