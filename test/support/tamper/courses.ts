import { emulatedSigner, generateKey } from '../../../src/pki/keys.ts'
import type { ClientConfig, Identity, ServerConfig } from '../../../src/tls/config.ts'
import type { Version } from '../../../src/tls/numbers.ts'
import { Rng } from '../../../src/util/rng.ts'

/** A way through the handshake: what both ends are set up with, and what they settle on where nobody interferes. */
export interface Course {
  readonly name: string
  readonly version: Version
  readonly offered: readonly Version[]
  readonly served: readonly Version[]
  readonly group: string
  readonly exchange: 'ECDHE' | 'RSA'
  /** There is a HelloRetryRequest first. */
  readonly retries: boolean
  /** TLS 1.2: with the extended master secret (RFC 7627). */
  readonly extended: boolean
  /** By what the second of two conversations resumes the first. */
  readonly resumption: 'ticket' | 'session id'
  /** Sent in the second of two conversations, which there is then. */
  readonly earlyData: 'none' | 'accepted' | 'rejected'
  readonly client: Partial<ClientConfig>
  readonly server: Partial<ServerConfig>
}

const keys = new Rng('tamper')
const identityOf = (type: 'p-256' | 'rsa-2048'): Identity => {
  const key = generateKey(type, keys)
  return { chain: [key.public.spki], signer: emulatedSigner(key, keys) }
}
export const identity = identityOf('p-256')
const rsaIdentity = identityOf('rsa-2048')

type Differs = Partial<Omit<Course, 'name' | 'version' | 'client' | 'server'>> & {
  readonly both?: Partial<ClientConfig & ServerConfig>
  readonly client?: Partial<ClientConfig>
  readonly server?: Partial<ServerConfig>
}

function course(name: string, version: Version, { both, client, server, ...differs }: Differs = {}): Course {
  const { offered = [version], served = [version], group = 'x25519' } = differs
  const groups = [...new Set([group, 'x25519', 'secp256r1'])]
  return {
    name,
    version,
    exchange: 'ECDHE',
    retries: false,
    extended: true,
    resumption: 'ticket',
    earlyData: 'none',
    ...differs,
    offered,
    served,
    group,
    client: { groups, ...both, ...client, versions: offered },
    server: { groups, identities: [identity], ...both, ...server, versions: served },
  }
}

const P256 = { group: 'secp256r1', both: { groups: ['secp256r1'] } } as const
const ASKED = { ...P256, retries: true, client: { keyShares: [] } } as const
const EITHER = ['TLS 1.3', 'TLS 1.2'] as const
/** RFC 5246 7.4.7.1. */
const RSA: Differs = {
  exchange: 'RSA',
  both: { suites: ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_256_GCM_SHA384'] },
  server: { identities: [rsaIdentity] },
}
const CBC = { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] }
const PLAIN = { extendedMasterSecret: false }

export const COURSES: readonly Course[] = [
  course('TLS 1.3', 'TLS 1.3'),
  course('HelloRetryRequest', 'TLS 1.3', {
    ...ASKED,
    both: { ...P256.both, suites: ['TLS_CHACHA20_POLY1305_SHA256'] },
  }),
  course('X25519MLKEM768', 'TLS 1.3', { group: 'X25519MLKEM768' }),
  course('0-RTT', 'TLS 1.3', { earlyData: 'accepted' }),
  course('0-RTT, rejected', 'TLS 1.3', { earlyData: 'rejected' }),
  course('0-RTT, HelloRetryRequest', 'TLS 1.3', { ...ASKED, earlyData: 'rejected' }),
  course('both versions, TLS 1.3', 'TLS 1.3', { offered: EITHER, served: EITHER }),
  course('both versions, HelloRetryRequest', 'TLS 1.3', { ...ASKED, offered: EITHER, served: EITHER }),
  course('both versions, TLS 1.2', 'TLS 1.2', { offered: EITHER }),
  course('TLS 1.2 of a server of both', 'TLS 1.2', { served: EITHER }),
  course('TLS 1.2', 'TLS 1.2'),
  course('TLS 1.2, session ids', 'TLS 1.2', { resumption: 'session id' }),
  course('TLS 1.2, CBC', 'TLS 1.2', { ...P256, both: { ...P256.both, ...CBC } }),
  course('TLS 1.2, no extended master secret', 'TLS 1.2', { both: PLAIN, extended: false }),
  course('TLS 1.2, CBC, session ids, no extended master secret', 'TLS 1.2', {
    ...P256,
    both: { ...P256.both, ...CBC, ...PLAIN },
    extended: false,
    resumption: 'session id',
  }),
  course('TLS 1.2, RSA key exchange', 'TLS 1.2', RSA),
  course('TLS 1.2, RSA key exchange, session ids', 'TLS 1.2', { ...RSA, resumption: 'session id' }),
  course('TLS 1.2, RSA key exchange, no extended master secret', 'TLS 1.2', {
    ...RSA,
    both: { ...RSA.both, ...PLAIN },
    extended: false,
  }),
]
