import { TlsError } from '../../alert.ts'
import type { Core } from '../../core.ts'
import type { KeyPair } from '../../group/group.ts'
import type { Judged } from '../../judged.ts'
import { type Handshake, open } from '../../message/handshake.ts'
import { ecdhClientKeyExchange, rsaClientKeyExchange } from '../../message/key-exchange.ts'
import { DEFAULT_SCHEMES } from '../../schemes.ts'
import type { State } from '../../state.ts'
import { protections12, type Secrets12 } from '../../tls12/keys.ts'
import { masterOf, premasterStep } from '../../tls12/master.ts'
import { checkCertificateVerify12 } from '../../tls12/proof.ts'
import { decryptPremaster } from '../../tls12/rsa.ts'
import type { Answer12 } from './answer.ts'
import type { Choice12 } from './suite.ts'
import { type Ending12, WaitChangeCipherSpec } from './wait-finished.ts'

export interface Exchanging12 {
  readonly answer: Answer12
  readonly choice: Choice12
  /** Our ephemeral key; null with RSA key exchange. */
  readonly pair: KeyPair | null
  readonly client: Judged | null
}

export class WaitClientKeyExchange implements State {
  readonly at = 'WAIT_CKE'
  readonly expects = ['ClientKeyExchange'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(private readonly known: Exchanging12) {}

  handle(core: Core, message: Handshake): State {
    const { answer, choice, pair, client } = this.known
    const { suite, hello, serverRandom, extendedMasterSecret, encryptThenMac } = answer
    const premaster = pair === null ? this.rsa(core, message) : this.ecdh(core, message, pair)
    core.absorb(message)
    const clientRandom = hello.random
    const master = masterOf(core, suite, extendedMasterSecret, premaster, clientRandom, serverRandom)
    const secrets: Secrets12 = { suite, master, clientRandom, serverRandom, encryptThenMac }
    const peer = { chain: client?.chain ?? [], verdict: client?.detail ?? null }
    const ending: Ending12 = {
      answer,
      secrets,
      protections: protections12(core, secrets),
      scheme: choice.scheme,
      group: choice.group?.name ?? null,
      client: peer,
      resumed: false,
    }
    return client === null ? new WaitChangeCipherSpec(ending) : new WaitCertificateVerify12(ending, client)
  }

  private ecdh(core: Core, message: Handshake, pair: KeyPair): Uint8Array {
    const premaster = pair.agree(open(ecdhClientKeyExchange, message))
    const { group } = this.known.choice
    if (premaster === null) {
      throw new TlsError(
        'illegal_parameter',
        `the client's point is not a valid one of ${group?.name}`,
        'RFC 8422 5.11',
      )
    }
    premasterStep(core, `ECDHE over ${group?.name}`, premaster)
    return premaster
  }

  private rsa(core: Core, message: Handshake): Uint8Array {
    const { answer, choice } = this.known
    const encrypted = open(rsaClientKeyExchange, message)
    const { version } = answer.hello
    const premaster = decryptPremaster(choice.identity.signer, encrypted, version, answer.config.random)
    premasterStep(core, "chosen by the client, encrypted to the server's RSA key", premaster)
    return premaster
  }
}

class WaitCertificateVerify12 implements State {
  readonly at = 'WAIT_CV'
  readonly expects = ['CertificateVerify'] as const
  readonly reads = 'nothing'
  readonly writes = 'nothing'

  constructor(
    private readonly ending: Ending12,
    private readonly client: Judged,
  ) {}

  handle(core: Core, message: Handshake): State {
    const offered = this.ending.answer.config.signatureSchemes ?? DEFAULT_SCHEMES
    checkCertificateVerify12(core, message, this.client.key, offered)
    return new WaitChangeCipherSpec(this.ending)
  }
}
