import { type Certificate, parseCertificate } from '../../pki/certificates.ts'
import { nameMatches } from '../../tls/name.ts'
import type { AlertName, Connected } from '../../tls/tls.ts'
import type { Event } from '../../trace/step.ts'
import type { CertificateVerdict } from '../../trace/steps/cert.ts'
import { formatAddress, parseAddress, sameAddress } from '../../util/address.ts'
import { sayTls } from './tls-messages.ts'
import type { Url } from './url.ts'

/** What `curl -v` prints of TLS, from the client's own steps. */
export class TlsTalk {
  private version: string
  /** What the messages up to the ServerHello are said to be of. */
  private readonly offered: string
  private said = false

  constructor(
    private readonly talk: (line: string) => void,
    private readonly url: Url,
    private readonly cafile: string,
    old: boolean,
  ) {
    this.offered = old ? 'TLSv1.2' : 'TLSv1.3'
    this.version = this.offered
  }

  offers(protocols: readonly string[]): void {
    if (protocols.length > 0) this.talk(sayTls.offers(protocols))
  }

  hear(event: Event): void {
    switch (event.kind) {
      case 'tls-negotiation':
        if (event.subject === 'version' && event.chosen !== null) this.version = event.chosen.replace('TLS ', 'TLSv')
        break
      case 'tls-message': {
        const out = event.direction === 'sent'
        // curl learns the version with the ServerHello, after it has named that message.
        const version = event.message === 'ServerHello' ? this.offered : this.version
        this.talk(sayTls.handshake(version, out, event.message))
        if (event.message === 'ClientHello' && !this.said) {
          this.said = true
          this.talk(sayTls.cafile(this.cafile))
          this.talk(sayTls.capath)
        }
        break
      }
      case 'tls-record':
        // OpenSSL tells of those that it sends.
        if (event.contentType === 'change_cipher_spec' && event.direction === 'sent')
          this.talk(sayTls.changeCipher(this.version))
        break
      case 'tls-alert':
        this.talk(
          sayTls.alert(
            this.version,
            event.direction === 'sent',
            event.level === 'fatal',
            event.description as AlertName,
          ),
        )
    }
  }

  connected(connected: Connected): void {
    const { talk } = this
    if (connected.resumed) talk(sayTls.reused)
    talk(sayTls.using(connected.version.replace('TLS ', 'TLSv'), connected.suite))
    talk(sayTls.accepted(connected.alpn))
    const [leaf] = connected.peerChain
    if (leaf !== undefined) this.certificate(parseCertificate(leaf), connected.verdict as CertificateVerdict | null)
    talk(sayTls.http1)
  }

  private certificate(leaf: Certificate, verdict: CertificateVerdict | null): void {
    const { talk } = this
    talk(sayTls.serverCertificate)
    talk(sayTls.subject(leaf.subject.text))
    talk(sayTls.start(leaf.notBefore))
    talk(sayTls.expire(leaf.notAfter))
    const error = verdict?.errors.find(({ code }) => code !== 'name-mismatch')
    // With -k curl does not look at names.
    if (verdict?.ok !== false) talk(this.match(leaf))
    talk(sayTls.issuer(leaf.issuer.text))
    talk(error === undefined ? sayTls.verifyOk : sayTls.verifyResult(error.code))
  }

  private match({ subjectAltNames }: Certificate): string {
    const { host } = this.url
    const address = parseAddress(host)
    for (const name of subjectAltNames) {
      if (name.kind === 'dns' && nameMatches(name.value, host)) return sayTls.matched(host, name.value)
      if (name.kind === 'ip' && address !== null && sameAddress(name.value, address))
        return sayTls.matched(formatAddress(address), 'IP address!')
    }
    return sayTls.unmatched(host)
  }
}
