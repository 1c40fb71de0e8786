import { timingSafeEqual } from 'node:crypto'
import { TlsError } from '../alert.ts'
import type { Core } from '../core.ts'
import { type Handshake, handshake, open } from '../message/handshake.ts'
import { finished } from '../message/small.ts'
import { verifyData } from '../schedule/prf12.ts'
import type { Protections12, Secrets12 } from './keys.ts'

/** ChangeCipherSpec and Finished, the first message under the new keys. */
export function sendFinished12(core: Core, { suite, master }: Secrets12, protections: Protections12): void {
  core.changeCipherSpec()
  core.writeUnder(protections[core.role], 'TLS 1.2')
  const data = verifyData(suite.hash, master, core.role, core.transcript.hash(), core.listener)
  core.send(handshake('Finished', finished, data))
}

export function checkFinished12(core: Core, message: Handshake, { suite, master }: Secrets12): void {
  const expected = verifyData(suite.hash, master, core.peer, core.transcript.hash(), core.listener)
  const got = open(finished, message)
  if (got.length !== expected.length) {
    throw new TlsError('decode_error', `verify_data is 12 bytes, not ${got.length}`, 'RFC 5246 7.4.9')
  }
  const ok = timingSafeEqual(got, expected)
  core.step(() => {
    const detail = 'PRF over the handshake messages so far, keyed from the master secret'
    return { kind: 'tls-verification', what: 'Finished', by: core.peer, ok, detail }
  })
  if (!ok) {
    const rule = 'verify_data must match: the two ends did not see the same handshake'
    throw new TlsError('decrypt_error', rule, 'RFC 5246 7.4.9')
  }
  core.absorb(message)
}
