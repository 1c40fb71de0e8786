import { timingSafeEqual } from 'node:crypto'
import { type PublicKey, SCHEMES, type SignatureScheme, type Signer, schemeOf, verify } from '../../pki/keys.ts'
import type { TlsRole } from '../../trace/steps/tls.ts'
import { concat, utf8 } from '../../util/bytes.ts'
import { TlsError, twoKeys } from '../alert.ts'
import type { Core } from '../core.ts'
import { schemeName } from '../fields.ts'
import { certificateVerify } from '../message/certificate.ts'
import { type Handshake, handshake, open } from '../message/handshake.ts'
import { finished } from '../message/small.ts'
import { finishedData } from '../schedule/schedule13.ts'
import type { Suite } from '../suite.ts'

const PAD = new Uint8Array(64).fill(0x20)

/** What a CertificateVerify signs (RFC 8446 4.4.3). */
export function signedContent(by: TlsRole, transcript: Uint8Array): Uint8Array {
  return concat([PAD, utf8(`TLS 1.3, ${by} CertificateVerify`), Uint8Array.of(0), transcript])
}

/** Schemes that may sign a TLS 1.3 handshake: PKCS#1 v1.5 and SHA-1 are for certificates only (RFC 8446 4.2.3). */
export function signsHandshake(scheme: SignatureScheme): boolean {
  const { algorithm } = SCHEMES[scheme]
  return algorithm.kind !== 'rsa-pkcs1' && !('hash' in algorithm && algorithm.hash === 'sha1')
}

export function sendCertificateVerify(core: Core, signer: Signer, scheme: SignatureScheme): void {
  const content = signedContent(core.role, core.transcript.hash())
  const signature = signer.sign(scheme, content)
  core.send(handshake('CertificateVerify', certificateVerify, { scheme: SCHEMES[scheme].code, signature }))
}

/** The peer proves that it holds the key of its certificate. Returns the scheme's name. */
export function checkCertificateVerify(
  core: Core,
  message: Handshake,
  key: PublicKey,
  offered: readonly SignatureScheme[],
): string {
  const { scheme: code, signature } = open(certificateVerify, message)
  const scheme = schemeOf(code)
  if (scheme === null || !offered.includes(scheme) || !signsHandshake(scheme)) {
    const rule = `CertificateVerify uses a scheme that was offered and may sign handshakes, not ${schemeName(code)}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.4.3', [
      { side: core.role, fact: `offered ${offered.join(', ')}` },
    ])
  }
  const ok = verify(scheme, key, signedContent(core.peer, core.transcript.hash()), signature)
  core.step(() => {
    const detail = `${scheme} over the transcript up to Certificate`
    return { kind: 'tls-verification', what: 'CertificateVerify', by: core.peer, ok, detail }
  })
  if (!ok) {
    const rule = `the signature (${scheme}) must verify with the certificate's key over the transcript`
    throw new TlsError('decrypt_error', rule, 'RFC 8446 4.4.3', twoKeys(core.role))
  }
  core.absorb(message)
  return scheme
}

/** `base` is the sender's handshake traffic secret. */
export function sendFinished(core: Core, suite: Suite, base: Uint8Array): void {
  const name = `${core.role}_handshake_traffic`
  const data = finishedData(suite.hash, base, name, core.transcript.hash(), core.listener)
  core.send(handshake('Finished', finished, data))
}

export function checkFinished(core: Core, message: Handshake, suite: Suite, base: Uint8Array): void {
  const name = `${core.peer}_handshake_traffic`
  const expected = finishedData(suite.hash, base, name, core.transcript.hash(), core.listener)
  const got = open(finished, message)
  if (got.length !== expected.length) {
    throw new TlsError('decode_error', `verify_data is ${expected.length} bytes, not ${got.length}`, 'RFC 8446 4.4.4')
  }
  const ok = timingSafeEqual(got, expected)
  core.step(() => {
    const detail = `HMAC-${suite.hash} over the transcript so far, keyed from ${name}`
    return { kind: 'tls-verification', what: 'Finished', by: core.peer, ok, detail }
  })
  if (!ok) {
    const rule = 'verify_data must match: the two ends did not see the same handshake'
    throw new TlsError('decrypt_error', rule, 'RFC 8446 4.4.4')
  }
  core.absorb(message)
}
