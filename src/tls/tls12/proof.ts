import { type PublicKey, SCHEMES, type SignatureScheme, type Signer, schemeOf, verify } from '../../pki/keys.ts'
import { concat, encode } from '../../util/bytes.ts'
import { TlsError, twoKeys } from '../alert.ts'
import type { Core } from '../core.ts'
import { schemeName } from '../fields.ts'
import { certificateVerify, type Signed } from '../message/certificate.ts'
import { type Handshake, handshake, open } from '../message/handshake.ts'
import { type EcdhParams, ecdhParams } from '../message/key-exchange.ts'

/** What a ServerKeyExchange signs: both randoms and the parameters (RFC 8422 5.4). */
export function signedParams(clientRandom: Uint8Array, serverRandom: Uint8Array, params: EcdhParams): Uint8Array {
  return concat([clientRandom, serverRandom, encode(ecdhParams, params)])
}

export function sign12(signer: Signer, scheme: SignatureScheme, content: Uint8Array): Signed {
  return { scheme: SCHEMES[scheme].code, signature: signer.sign(scheme, content) }
}

/** Over all handshake messages so far, not their hash (RFC 5246 7.4.8). */
export function sendCertificateVerify12(core: Core, signer: Signer, scheme: SignatureScheme): void {
  const signed = sign12(signer, scheme, core.transcript.bytes())
  core.send(handshake('CertificateVerify', certificateVerify, signed))
}

export function checkCertificateVerify12(
  core: Core,
  message: Handshake,
  key: PublicKey,
  offered: readonly SignatureScheme[],
): string {
  const signed = open(certificateVerify, message)
  const scheme = checkSigned(core, 'CertificateVerify', signed, core.transcript.bytes(), key, offered)
  core.absorb(message)
  return scheme
}

/** Returns the scheme's name. */
export function checkSigned(
  core: Core,
  what: 'CertificateVerify' | 'ServerKeyExchange',
  { scheme: code, signature }: Signed,
  content: Uint8Array,
  key: PublicKey,
  offered: readonly SignatureScheme[],
): string {
  const scheme = schemeOf(code)
  if (scheme === null || !offered.includes(scheme)) {
    const rule = `${what} uses a scheme that was offered, not ${schemeName(code)}`
    const fact = `offered ${offered.join(', ')}`
    throw new TlsError('illegal_parameter', rule, 'RFC 5246 7.4.3', [{ side: core.role, fact }])
  }
  const ok = verify(scheme, key, content, signature, { curveBound: false })
  core.step(() => {
    const over = what === 'ServerKeyExchange' ? 'both randoms and the key exchange parameters' : 'the handshake so far'
    return { kind: 'tls-verification', what, by: core.peer, ok, detail: `${scheme} over ${over}` }
  })
  if (!ok) {
    const rule = `the signature (${scheme}) of ${what} must verify with the certificate's key`
    throw new TlsError('decrypt_error', rule, 'RFC 5246 7.4.3', twoKeys(core.role))
  }
  return scheme
}
