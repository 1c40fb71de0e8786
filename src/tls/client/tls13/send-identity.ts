import type { ClientConfig } from '../../config.ts'
import type { Core } from '../../core.ts'
import { certificate13 } from '../../message/certificate.ts'
import { handshake } from '../../message/handshake.ts'
import { chooseScheme } from '../../schemes.ts'
import { sendCertificateVerify } from '../../tls13/proof.ts'
import type { Asked } from './wait-certificate.ts'

/** The first identity that can sign as the server wants; without one, an empty Certificate (RFC 8446 4.4.2). */
export function sendIdentity(core: Core, { identities = [] }: ClientConfig, { context, schemes }: Asked): void {
  for (const { chain, signer } of identities) {
    const { scheme, rejected } = chooseScheme(signer, schemes, 'TLS 1.3')
    if (scheme === null) continue
    core.step(() => {
      const how = { kind: 'tls-negotiation', subject: 'signature scheme', chosen: scheme, rejected } as const
      const offered = [...rejected.map(({ candidate }) => candidate), scheme]
      return { ...how, offered, supported: signer.schemes, why: "fits our certificate's key" }
    })
    const entries = chain.map((data) => ({ data, extensions: [] }))
    core.send(handshake('Certificate', certificate13, { context, entries }))
    sendCertificateVerify(core, signer, scheme)
    return
  }
  core.note('the server asks for a certificate; there is none to send')
  core.send(handshake('Certificate', certificate13, { context, entries: [] }))
}
