import type { Certificate } from '../../../app/ingress/config.ts'
import { nameMatches } from '../../../tls/name.ts'
import type { IngressCertificateChoice, IngressCertificateWhy } from '../../../trace/steps/ingress.ts'
import type { Ingress } from '../../api/ingress.ts'
import { nameOf } from '../../api/meta.ts'
import type { IngressWorld, SecretSeen } from './world.ts'

/** A certificate, and what the controller logs of it; empty for nothing. */
export interface Chosen {
  readonly certificate: Certificate
  readonly warning: string
}

/** For a host of the Ingress's rules (extractTLSSecretName and what createServers makes of it). The Ingress has `spec.tls`. */
export function certificateOf(host: string, ingress: Ingress, world: IngressWorld): Chosen {
  const { namespace } = ingress.meta
  const named = ingress.tls.findIndex(({ hosts }) => hosts.some((one) => one.toLowerCase() === host))
  const index = named >= 0 ? named : ingress.tls.findIndex(fits)
  const field = `spec.tls[${index}].secretName`
  if (index < 0) return fallback('host-not-in-tls', { host, ingress: nameOf(ingress.meta), field: 'spec.tls' }, '')
  const { secretName } = ingress.tls[index]
  const about = { host, ingress: nameOf(ingress.meta), field }
  if (secretName === '') return fallback('no-secret-name', about, '')
  const secret = `${namespace}/${secretName}`
  const seen = world.secret(secret)
  switch (seen.kind) {
    case 'missing': {
      const elsewhere = world.secretsNamed(secretName)[0] ?? ''
      const warning = `Error getting SSL certificate "${secret}": local SSL certificate ${secret} was not found. Using default certificate`
      return fallback('secret-missing', { ...about, secret, elsewhere }, warning)
    }
    case 'unusable': {
      const warning = `Error getting SSL certificate "${secret}": ${seen.detail}. Using default certificate`
      return fallback('secret-unusable', { ...about, secret, detail: seen.detail }, warning)
    }
    case 'certificate': {
      const names = namesOf(seen)
      if (covers(seen, host)) {
        const choice = choiceOf('secret', { ...about, secret, names })
        return { certificate: { from: 'secret', fingerprint: seen.fingerprint, choice }, warning: '' }
      }
      const warning = `SSL certificate "${secret}" does not contain a Common Name or Subject Alternative Name for server "${host}". Using default certificate`
      return fallback('host-not-covered', { ...about, secret, names }, warning)
    }
  }

  function fits({ secretName }: Ingress['tls'][number]): boolean {
    if (secretName === '') return false
    const seen = world.secret(`${namespace}/${secretName}`)
    return seen.kind === 'certificate' && covers(seen, host)
  }
}

type About = Pick<IngressCertificateChoice, 'host'> & Partial<IngressCertificateChoice>

function fallback(why: IngressCertificateWhy, about: About, warning: string): Chosen {
  return { certificate: { from: 'default', choice: choiceOf(why, about) }, warning }
}

export const choiceOf = (why: IngressCertificateWhy, about: About): IngressCertificateChoice => ({
  ingress: '',
  field: '',
  secret: '',
  names: [],
  elsewhere: '',
  detail: '',
  ...about,
  why,
})

type Seen = Extract<SecretSeen, { kind: 'certificate' }>

/** Go's VerifyHostname, then ingress-nginx's verifyHostname: a wildcard host has to stand in the certificate as it is. */
function covers({ dnsNames, commonName }: Seen, host: string): boolean {
  const names = commonName === null ? dnsNames : [commonName]
  return names.some((name) =>
    host.startsWith('*.') ? name.toLowerCase() === host : nameMatches(name.replace(/\.$/, ''), host),
  )
}

const namesOf = ({ dnsNames, commonName }: Seen): readonly string[] =>
  commonName === null ? dnsNames : [`CN ${commonName}`]
