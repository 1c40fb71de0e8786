import type { TlsEpoch } from '../../trace/steps/tls.ts'
import { AEADS } from '../cipher/aead.ts'
import { aead13 } from '../cipher/aead13.ts'
import type { Protection } from '../cipher/protection.ts'
import type { Core } from '../core.ts'
import { type DerivedSecret, type Stage, trafficKeys } from '../schedule/schedule13.ts'
import type { AeadName, Suite } from '../suite.ts'

/** Record protection from a traffic secret. */
export function protectionOf(core: Core, suite: Suite, secret: Uint8Array, name: string): Protection {
  const cipher = suite.cipher as AeadName
  return aead13(cipher, trafficKeys(suite.hash, secret, name, AEADS[cipher].keyLength, core.listener))
}

/** Derives a secret from the transcript so far (or from `transcript`) and logs it. */
export function secretOf(
  core: Core,
  stage: Stage,
  name: DerivedSecret,
  transcript = core.transcript.hash(),
): Uint8Array {
  const secret = stage.derive(name, transcript)
  core.keylog(name, secret)
  return secret
}

export function readUnder(core: Core, suite: Suite, secret: Uint8Array, name: DerivedSecret, epoch: TlsEpoch): void {
  core.readUnder(protectionOf(core, suite, secret, name), epoch)
}

export function writeUnder(core: Core, suite: Suite, secret: Uint8Array, name: DerivedSecret, epoch: TlsEpoch): void {
  core.writeUnder(protectionOf(core, suite, secret, name), epoch)
}
