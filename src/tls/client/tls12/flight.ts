import type { SignatureScheme } from '../../../pki/keys.ts'
import { concat } from '../../../util/bytes.ts'
import { TlsError } from '../../alert.ts'
import type { Identity } from '../../config.ts'
import type { Core } from '../../core.ts'
import type { Judged } from '../../judged.ts'
import { type CertificateRequest12, certificate12 } from '../../message/certificate.ts'
import { handshake } from '../../message/handshake.ts'
import { ecdhClientKeyExchange, rsaClientKeyExchange } from '../../message/key-exchange.ts'
import { chooseScheme } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { sendFinished12 } from '../../tls12/finished.ts'
import { protections12, type Secrets12 } from '../../tls12/keys.ts'
import { masterOf, premasterStep } from '../../tls12/master.ts'
import { sendCertificateVerify12 } from '../../tls12/proof.ts'
import { encryptPremaster } from '../../tls12/rsa.ts'
import type { Handshake12 } from './start.ts'
import { WaitChangeCipherSpec } from './wait-finished.ts'
import type { ServerShare } from './wait-server-done.ts'

/** [Certificate], ClientKeyExchange, [CertificateVerify], ChangeCipherSpec, Finished (RFC 5246 7.3). */
export function sendClientFlight(
  core: Core,
  known: Handshake12,
  judged: Judged,
  share: ServerShare | null,
  asked: CertificateRequest12 | null,
): State {
  const { offer, suite, serverRandom, extendedMasterSecret, encryptThenMac } = known
  const own = asked === null ? null : ownIdentity(offer.config.identities ?? [], asked)
  if (asked !== null) core.send(handshake('Certificate', certificate12, own?.identity.chain ?? []))
  const premaster = share === null ? rsaExchange(core, known, judged) : ecdhExchange(core, known, share)
  const clientRandom = offer.hello.random
  const master = masterOf(core, suite, extendedMasterSecret, premaster, clientRandom, serverRandom)
  if (own !== null) sendCertificateVerify12(core, own.identity.signer, own.scheme)
  const secrets: Secrets12 = { suite, master, clientRandom, serverRandom, encryptThenMac }
  const protections = protections12(core, secrets)
  sendFinished12(core, secrets, protections)
  const { chain, detail } = judged
  const proof = { chain, verdict: detail, scheme: share?.scheme ?? null, group: share?.group.name ?? null }
  return new WaitChangeCipherSpec({ known, secrets, protections, proof, resumed: false, ticket: null })
}

function ecdhExchange(core: Core, { offer }: Handshake12, { group, point }: ServerShare): Uint8Array {
  const pair = group.generate(offer.config.random)
  const premaster = pair.agree(point)
  if (premaster === null) {
    throw new TlsError('illegal_parameter', `the server's point is not a valid one of ${group.name}`, 'RFC 8422 5.11')
  }
  premasterStep(core, `ECDHE over ${group.name}`, premaster)
  core.send(handshake('ClientKeyExchange', ecdhClientKeyExchange, pair.share))
  return premaster
}

/** The client chooses the secret alone: whoever has the server's key can read it, today or in ten years. */
function rsaExchange(core: Core, { offer }: Handshake12, { key }: Judged): Uint8Array {
  const { random } = offer.config
  const { version } = offer.hello
  const premaster = concat([Uint8Array.of(version >>> 8, version), random.bytes(46)])
  premasterStep(core, "chosen by the client, encrypted to the server's RSA key", premaster)
  core.send(handshake('ClientKeyExchange', rsaClientKeyExchange, encryptPremaster(key, premaster, random)))
  return premaster
}

function ownIdentity(
  identities: readonly Identity[],
  { schemes }: CertificateRequest12,
): { readonly identity: Identity; readonly scheme: SignatureScheme } | null {
  for (const identity of identities) {
    const { scheme } = chooseScheme(identity.signer, schemes, 'TLS 1.2')
    if (scheme !== null) return { identity, scheme }
  }
  return null
}
