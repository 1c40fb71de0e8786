import type { Upgrade } from '../app/curl/options.ts'
import { loadFile } from '../host/certificate-files.ts'
import { keyMismatch } from '../pki/certificates.ts'
import { emulatedSigner } from '../pki/keys.ts'
import { loadCertificates, loadPrivateKey } from '../pki/load/load.ts'
import { type ClientOptions, versionsUpTo } from '../scenario/cluster-tls.ts'
import type { Emulation } from '../scenario/emulation.ts'
import { DEFAULT_GROUPS } from '../tls/tls.ts'
import { identityOf } from '../tls/trust.ts'
import { inputError } from '../util/diagnostics.ts'
import type { CurlOptions } from './curl.ts'

/** How curl in the pod speaks TLS: by files of the user's, or by what is in the cluster. */
export function httpsOf(emulation: Emulation, options: CurlOptions): Upgrade {
  const { insecure, cacert, tlsMax, curves, at, from } = options
  const namespace = namespaceOf(emulation, from)
  const trusted =
    cacert === undefined || cacert === 'cluster-ca'
      ? undefined
      : OBJECT.test(cacert)
        ? emulation.tls.roots(cacert, namespace)
        : loadFile(cacert, loadCertificates)
  return emulation.tls.client({
    insecure,
    roots: trusted,
    versions: versionsUpTo(tlsMax),
    groups: curves === undefined ? undefined : groupsOf(curves),
    at,
    ...clientIdentity(emulation, options, namespace),
  })
}

/** What is in the cluster; a file of such a name is `./secret/NAME`. */
const OBJECT = /^(cluster-ca$|(secret|configmap)\/)/

function clientIdentity(
  emulation: Emulation,
  { cert, key = cert, from }: CurlOptions,
  namespace: string,
): Pick<ClientOptions, 'identities' | 'wrongKey'> {
  if (cert === undefined || key === undefined) {
    if (key !== undefined) throw inputError(`--key ${key} without --cert`, 'the certificate of that key')
    return {}
  }
  if (OBJECT.test(cert)) {
    if (key !== cert) throw inputError(`--key ${key} beside --cert ${cert}`, 'no --key: the cluster has it')
    const { namespace: netns } = emulation.host(from)
    const name = netns.name === 'host' ? netns.node : netns.name.split('/')[1]
    return emulation.tls.clientIdentity(cert, namespace, name, emulation.now, null)
  }
  const [certificate, ...chain] = loadFile(cert, loadCertificates)
  const own = loadFile(key, loadPrivateKey)
  if (keyMismatch(certificate, own) !== null) return { wrongKey: key }
  emulation.tls.origins.add(certificate, { object: cert, key: '--cert' })
  const rng = emulation.kernel.rng.fork('--cert')
  return { identities: [identityOf({ certificate, chain }, emulatedSigner(own, rng))] }
}

function namespaceOf(emulation: Emulation, from: string): string {
  const { name } = emulation.host(from).namespace
  return name === 'host' ? emulation.namespace : name.split('/')[0]
}

/** As OpenSSL calls groups beside the RFCs' names. */
const ALIASES: Readonly<Record<string, string>> = {
  'p-256': 'secp256r1',
  prime256v1: 'secp256r1',
  'p-384': 'secp384r1',
}

/** `X25519:P-256`. */
function groupsOf(text: string): readonly string[] {
  return text.split(':').map((part) => {
    const asked = part.toLowerCase()
    const found = DEFAULT_GROUPS.find((name) => name.toLowerCase() === (ALIASES[asked] ?? asked))
    if (found === undefined) throw inputError(`--curves ${text}: no group ${part}`, DEFAULT_GROUPS.join(':'))
    return found
  })
}
