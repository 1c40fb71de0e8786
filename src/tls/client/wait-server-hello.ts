import type { TlsKnown } from '../../trace/steps/tls.ts'
import { equalBytes } from '../../util/bytes.ts'
import { known, TlsError } from '../alert.ts'
import type { Core, StepBody } from '../core.ts'
import { find } from '../extension/build.ts'
import { selectedVersion } from '../extension/codecs.ts'
import { type Handshake, open } from '../message/handshake.ts'
import { DOWNGRADE, isRetry, type ServerHello, serverHello } from '../message/hello.ts'
import { VERSION, VERSION_CODE, type Version, versionName } from '../numbers.ts'
import type { State } from '../state.ts'
import type { Offer } from './offer.ts'
import { IGNORED12 } from './tls12/ignored.ts'
import { start12 } from './tls12/start.ts'
import { retry } from './tls13/retry.ts'
import { start13 } from './tls13/start.ts'

/** WAIT_SH: the server's choice of version splits the road. */
export class WaitServerHello implements State {
  readonly at = 'WAIT_SH'
  readonly expects = ['ServerHello'] as const
  readonly reads = 'nothing'

  constructor(private readonly offer: Offer) {}

  get ignores(): readonly 'HelloRequest'[] {
    const { versions, retry } = this.offer
    return retry === null && versions.includes('TLS 1.2') ? IGNORED12 : []
  }

  /** Early data goes out while we wait (RFC 8446 2.3). */
  get writes(): 'nothing' | 'early data' {
    return this.offer.earlyData ? 'early data' : 'nothing'
  }

  handle(core: Core, message: Handshake): State {
    const { offer } = this
    const hello = open(serverHello, message)
    const version = versionOf(hello, offer)
    core.version = version
    core.step(() => versionStep(offer, version))
    checkEcho(hello, offer, version)
    if (version === 'TLS 1.2') {
      checkDowngrade(hello, offer)
      return start12(core, offer, hello, message)
    }
    if (isRetry(hello.random)) return new WaitServerHello(retry(core, offer, hello, message))
    return start13(core, offer, hello, message)
  }

  knew(): readonly TlsKnown[] {
    const { versions, suites, groups } = this.offer
    return [
      { side: 'client', fact: `offered ${versions.join(', ')}` },
      { side: 'client', fact: `offered ${suites.map(({ name }) => name).join(', ')}` },
      { side: 'client', fact: `offered ${groups.map(({ name }) => name).join(', ')}` },
    ]
  }
}

function versionOf({ version, random, extensions }: ServerHello, { versions, retry }: Offer): Version {
  const selected = find(extensions, 'supported_versions', selectedVersion)
  if (selected === null) {
    if (isRetry(random)) {
      throw new TlsError('missing_extension', 'a HelloRetryRequest carries supported_versions', 'RFC 8446 9.2')
    }
    if (retry !== null) {
      const rule = `the version stays that of the HelloRetryRequest, TLS 1.3, not ${versionName(version)}`
      throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.1.4')
    }
    if (version === VERSION.tls12 && versions.includes('TLS 1.2')) return 'TLS 1.2'
    const rule =
      version < VERSION.tls12
        ? `the server chose ${versionName(version)}, which RFC 8996 retired: it must not be negotiated`
        : `the server chose ${versionName(version)}, which was not offered`
    const facts = known(`offered ${versions.join(', ')}`, `chose ${versionName(version)}`)
    throw new TlsError('protocol_version', rule, version < VERSION.tls12 ? 'RFC 8996 5' : 'RFC 8446 4.1.3', facts)
  }
  if (version <= VERSION.ssl3) {
    throw new TlsError('protocol_version', 'no hello says SSL 3.0, whatever else it selects', 'RFC 8446 D.5')
  }
  if (selected !== VERSION_CODE['TLS 1.3'] || !versions.includes('TLS 1.3')) {
    const rule = `supported_versions selects ${versionName(selected)}, which was not offered there`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.2.1')
  }
  if (version !== VERSION.tls12) {
    const rule = `legacy_version stays 0x0303 in TLS 1.3, not ${versionName(version)}`
    throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.1.3')
  }
  return 'TLS 1.3'
}

function checkEcho({ sessionId, compressionMethod, cipherSuite }: ServerHello, offer: Offer, version: Version): void {
  if (compressionMethod !== 0) {
    throw new TlsError('illegal_parameter', 'compression was not offered', 'RFC 8446 4.1.3')
  }
  if (version === 'TLS 1.3' && !equalBytes(sessionId, offer.hello.sessionId)) {
    throw new TlsError('illegal_parameter', 'legacy_session_id_echo repeats what the client sent', 'RFC 8446 4.1.3')
  }
  const suite = offer.suites.find(({ code }) => code === cipherSuite)
  if (suite === undefined || !offer.hello.cipherSuites.includes(cipherSuite) || suite.version !== version) {
    const rule = `the server chose cipher suite 0x${cipherSuite.toString(16)}, which was not offered for ${version}`
    throw new TlsError('illegal_parameter', rule, version === 'TLS 1.3' ? 'RFC 8446 4.1.3' : 'RFC 5246 7.4.1.3')
  }
}

/** RFC 8446 4.1.3: a server that could do better says so where no one between can change it. */
function checkDowngrade({ random }: ServerHello, { versions }: Offer): void {
  if (!versions.includes('TLS 1.3')) return
  const tail = random.subarray(24)
  if (!equalBytes(tail, DOWNGRADE.tls12) && !equalBytes(tail, DOWNGRADE.tls11)) return
  const rule =
    "the server's random ends in the downgrade sentinel: it knows TLS 1.3, so someone removed our offer of it"
  throw new TlsError('illegal_parameter', rule, 'RFC 8446 4.1.3', known('offered TLS 1.3', 'saw no offer of TLS 1.3'))
}

function versionStep(offer: Offer, version: Version): StepBody {
  return {
    kind: 'tls-negotiation',
    subject: 'version',
    offered: offer.versions,
    supported: offer.versions,
    chosen: version,
    why: 'chosen by the server',
    rejected: [],
  }
}
