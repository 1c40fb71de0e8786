import type { TlsRejected } from '../../trace/steps/tls.ts'
import { known, TlsError } from '../alert.ts'
import type { ServerConfig } from '../config.ts'
import type { Core } from '../core.ts'
import { find } from '../extension/build.ts'
import { supportedVersions } from '../extension/codecs.ts'
import type { ClientHello } from '../message/hello.ts'
import { isGrease, VERSION, VERSION_CODE, type Version, versionName } from '../numbers.ts'
import { SCSV, speakable } from '../suite.ts'

export const versionsOf = ({ versions, suites }: ServerConfig): readonly Version[] => speakable(versions, suites)

/** RFC 8446 4.2.1: supported_versions decides where it is there; legacy_version is a maximum where it is not. */
export function chooseVersion(core: Core, config: ServerConfig, hello: ClientHello): Version {
  const supported = versionsOf(config)
  const listed = find(hello.extensions, 'supported_versions', supportedVersions)
  const offered = listed ?? upTo(hello.version)
  const chosen = supported.find((version) => offered.includes(VERSION_CODE[version])) ?? null
  core.step(() => ({
    kind: 'tls-negotiation',
    subject: 'version',
    offered: offered.map(versionName),
    supported,
    chosen,
    why: chosen === null ? 'no version in common' : 'our most wanted of those offered',
    rejected: rejections(offered, supported, chosen),
  }))
  if (chosen === null) throw refusal(offered, supported)
  checkFallback(hello, supported, chosen)
  return chosen
}

function upTo(legacy: number): readonly number[] {
  const all = [VERSION.tls12, VERSION.tls11, VERSION.tls10, VERSION.ssl3]
  return all.filter((version) => version <= legacy)
}

function rejections(offered: readonly number[], supported: readonly Version[], chosen: Version | null): TlsRejected[] {
  return offered
    .map(versionName)
    .filter((name) => name !== chosen)
    .map((candidate) => ({ candidate, reason: reasonAgainst(candidate, supported, chosen) }))
}

function reasonAgainst(candidate: string, supported: readonly Version[], chosen: Version | null): string {
  if (candidate === 'GREASE') return 'GREASE, to be ignored (RFC 8701)'
  if (candidate === 'SSL 3.0') return 'broken (POODLE), retired by RFC 7568'
  if (candidate === 'TLS 1.0' || candidate === 'TLS 1.1') return 'retired by RFC 8996'
  return supported.some((version) => version === candidate) ? `${chosen} is preferred` : 'not enabled on this server'
}

function refusal(offered: readonly number[], supported: readonly Version[]): TlsError {
  const names = offered.filter((code) => !isGrease(code)).map(versionName)
  const old = names.every((name) => /^(SSL|TLS 1\.[01])/.test(name))
  const rule = old
    ? `the client speaks ${names.join(', ')} at best: these versions are retired and never negotiated`
    : `no version in common: the client offers ${names.join(', ')}, the server has ${supported.join(', ')} enabled`
  const facts = known(`offers ${names.join(', ')}`, `supports ${supported.join(', ')}`)
  return new TlsError('protocol_version', rule, old ? 'RFC 8996 4' : 'RFC 8446 4.2.1', facts)
}

/** RFC 7507 3: a client that fell back although nothing was wrong with the better version. */
function checkFallback({ cipherSuites }: ClientHello, supported: readonly Version[], chosen: Version): void {
  const best = supported.includes('TLS 1.3') ? 'TLS 1.3' : 'TLS 1.2'
  if (chosen === best || !cipherSuites.includes(SCSV.fallback)) return
  const rule = `the client says it fell back to ${chosen}, yet this server speaks ${best}: someone may be in between`
  throw new TlsError('inappropriate_fallback', rule, 'RFC 7507 3')
}
