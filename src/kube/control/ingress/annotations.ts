import type { Location } from '../../../app/ingress/config.ts'
import type { Ingress } from '../../api/ingress.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'

/** What the annotations of an Ingress say of its locations. */
export interface IngressSettings {
  readonly redirect: Location['redirect']
  readonly protocol: Location['protocol']
  readonly vhost: string | null
  readonly passthrough: 'on' | 'off'
  /** Of values that are not read, and what counts instead. */
  readonly warnings: readonly string[]
}

/** Those that are heeded, without their prefix. */
export const HEEDED = ['ssl-redirect', 'force-ssl-redirect', 'backend-protocol', 'upstream-vhost', 'ssl-passthrough']

export function settingsOf({ meta }: Pick<Ingress, 'meta'>): IngressSettings {
  const warnings: string[] = []
  const text = (name: string): string | null => meta.annotations[PREFIX + name] ?? null
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = text(name)
    const read = value === null ? otherwise : boolOf(value)
    if (read === null) warnings.push(`annotation ${PREFIX}${name} contains invalid value: ${value}`)
    return read ?? otherwise
  }
  const ssl = flag('ssl-redirect', true)
  const redirect = flag('force-ssl-redirect', false) ? 'always' : ssl ? 'with-certificate' : 'never'
  const protocol = (text('backend-protocol') ?? 'HTTP').trim().toUpperCase()
  const spoken = protocol === 'HTTP' || protocol === 'HTTPS'
  if (!spoken)
    warnings.push(
      `Protocol ${protocol} is not a valid value for the backend-protocol annotation. Using HTTP as protocol`,
    )
  const passthrough = flag('ssl-passthrough', false) ? 'on' : 'off'
  const vhost = text('upstream-vhost')
  return { redirect, protocol: spoken ? protocol : 'HTTP', vhost: vhost === '' ? null : vhost, passthrough, warnings }
}

/** Go's strconv.ParseBool. */
function boolOf(text: string): boolean | null {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : null
}
