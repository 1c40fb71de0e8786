import { type Address, formatEndpoint, parseAddress } from '../util/address.ts'
import { inputError, type SourcePosition } from '../util/diagnostics.ts'
import { nearest } from '../util/near.ts'

/** A or B of the command line and of steps: who sends, or who is asked. A port of null was not given. */
export type EndpointRef =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly port: number | null }
  | {
      readonly kind: 'service'
      readonly namespace: string
      readonly name: string
      readonly port: number | string | null
    }
  | { readonly kind: 'deployment'; readonly namespace: string; readonly name: string; readonly port: number | null }
  | { readonly kind: 'node'; readonly name: string; readonly port: number | null }
  | { readonly kind: 'external'; readonly port: number | null }
  | { readonly kind: 'address'; readonly address: Address; readonly port: number | null }

const FORMS =
  'client, NS/NAME, pod/NS/NAME, svc/[NS/]NAME[:PORT], deploy/NAME, node/NAME[:PORT], external or [ip/]ADDR[:PORT]'

const KINDS: Readonly<Record<string, 'pod' | 'service' | 'deployment' | 'node' | 'address'>> = {
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
  svc: 'service',
  service: 'service',
  services: 'service',
  deploy: 'deployment',
  deployment: 'deployment',
  deployments: 'deployment',
  node: 'node',
  nodes: 'node',
  no: 'node',
  ip: 'address',
}

/** Reads an endpoint's text; whether it exists is another question. Throws InputError. */
export function parseEndpoint(text: string, namespace = 'default', at: SourcePosition | null = null): EndpointRef {
  const slash = text.indexOf('/')
  const head = slash < 0 ? '' : text.slice(0, slash)
  const kind = Object.hasOwn(KINDS, head) ? KINDS[head] : undefined
  const wrong = (): never => {
    const near = kind === undefined ? nearest(head, Object.keys(KINDS), 1) : []
    const hint = head !== '' && near.length > 0 && text.split('/').length > 2 ? ` (did you mean ${near[0]}/?)` : ''
    throw inputError(`"${text}" names no endpoint${hint}`, FORMS, at)
  }
  if (kind === 'address') return addressRef(text.slice(slash + 1)) ?? wrong()
  const bare = slash < 0 ? addressRef(text) : null
  if (bare !== null) return bare
  const { path, port } = splitPort(text)
  if (port !== null && !isPort(port) && kind !== 'service') return wrong()
  const number = port === null ? null : Number(port)
  const parts = path.split('/')
  if (parts.some((part) => part === '')) return wrong()
  if (parts.length === 1) {
    return path === 'external'
      ? { kind: 'external', port: number }
      : { kind: 'pod', namespace, name: path, port: number }
  }
  if (kind === undefined)
    return parts.length === 2 ? { kind: 'pod', namespace: parts[0], name: parts[1], port: number } : wrong()
  if (parts.length > 3 || (kind === 'node' && parts.length !== 2)) return wrong()
  const name = parts[parts.length - 1]
  const within = parts.length === 3 ? parts[1] : namespace
  if (kind === 'node') return { kind, name, port: number }
  if (kind === 'service') return { kind, namespace: within, name, port: port === null || isPort(port) ? number : port }
  return { kind, namespace: within, name, port: number }
}

/** As it would be typed, in full. */
export function formatEndpointRef(ref: EndpointRef): string {
  const port = ref.port === null ? '' : `:${ref.port}`
  switch (ref.kind) {
    case 'pod':
      return `${ref.namespace}/${ref.name}${port}`
    case 'service':
      return `svc/${ref.namespace}/${ref.name}${port}`
    case 'deployment':
      return `deploy/${ref.namespace}/${ref.name}${port}`
    case 'node':
      return `node/${ref.name}${port}`
    case 'external':
      return `external${port}`
    case 'address':
      return `ip/${formatEndpoint(ref.address, ref.port ?? 0).replace(/:0$/, '')}`
  }
}

/** `10.0.0.1`, `10.0.0.1:80`, `fd00::1`, `[fd00::1]:80`. */
function addressRef(text: string): EndpointRef | null {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text)
  const [, plain, port] = bracketed ?? /^([^:]+):(\d+)$/.exec(text) ?? [null, text, undefined]
  const address = parseAddress(plain ?? '')
  if (address === null || (port !== undefined && !isPort(port))) return null
  return { kind: 'address', address, port: port === undefined ? null : Number(port) }
}

function splitPort(text: string): { path: string; port: string | null } {
  const colon = text.lastIndexOf(':')
  return colon < 0 ? { path: text, port: null } : { path: text.slice(0, colon), port: text.slice(colon + 1) }
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
