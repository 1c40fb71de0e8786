import type { IngressCertificateChoice } from '../../trace/steps/ingress.ts'
import type { Certificate, ProxyConfig } from './config.ts'
import { serverFor, wildcardOf } from './locate.ts'

export type OwnCertificate = Exclude<Certificate, { from: 'none' }>

/**
 * The certificate that a host has (certificate.lua, get_pem_cert_uid): that of its server, else that of the wildcard server
 * for it. Null: it has none, and the default one serves.
 */
export function certificateFor({ servers }: ProxyConfig, host: string): OwnCertificate | null {
  for (const name of [host, wildcardOf(host)]) {
    const certificate = servers.get(name)?.certificate
    if (certificate !== undefined && certificate.from !== 'none') return certificate
  }
  return null
}

/** What answers a ClientHello: `null` is no name in it. Never `none`. */
export function chooseCertificate(config: ProxyConfig, name: string | null): OwnCertificate {
  const { catchAll } = config
  if (name === null) return { from: 'default', choice: { ...catchAll.certificate.choice, why: 'no-server-name' } }
  const host = name.replace(/\.$/, '').toLowerCase()
  const own = certificateFor(config, host)
  if (own !== null) return own
  const server = serverFor(config, host)
  const { choice } = server.certificate
  return { from: 'default', choice: server === catchAll ? (unservedFor(config, host) ?? choice) : choice }
}

/** Where somebody wrote a host down that is not served: what, and why. */
export function unservedFor(config: ProxyConfig, host: string): IngressCertificateChoice | null {
  const { servers, unserved } = config
  if (servers.has(host)) return null
  return unserved.get(host) ?? unserved.get(wildcardOf(host)) ?? null
}
