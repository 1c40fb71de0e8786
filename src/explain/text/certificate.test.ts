import { describe, expect, it } from 'vitest'
import { type Fault, present } from '../../pki/issue/faults.ts'
import { judge } from '../../pki/path/judge.ts'
import { Rng } from '../../util/rng.ts'
import { certificateText } from './certificate.ts'

const at = '2026-03-01T09:00:00Z'
const told = (fault: Fault | null, name = 'web'): string[] => {
  const { identity, roots } = present(fault, { at, names: ['DNS:web'] }, new Rng(1))
  return certificateText(
    judge({ chain: [identity.certificate, ...identity.chain], roots, at, purpose: 'server', name }).events,
  )
}

describe('a judgement in text', () => {
  it('says what is trusted, and by which rules', () => {
    expect(told(null).join('\n')).toMatchInlineSnapshot(`
      "OK  CN=web is trusted as a server named web   (judged at 2026-03-01T09:00:00Z)

      Certificate path  (trust: CN=Example Root)
       [0] CN=web  ECDSA P-256
           name       web matches DNS:web in subjectAltName         ok  RFC 9525 6.3
           purpose    serverAuth                                    ok  RFC 5280 4.2.1.12
           key usage  digitalSignature                              ok  RFC 5280 4.2.1.3
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z  ok  RFC 5280 6.1.3(a)(2)
           signature  signed by CN=Example CA                       ok  RFC 5280 6.1.3(a)(1)
           algorithm  ECDSA P-256, signed with ECDSA with SHA-256   ok  policy
       [1] CN=Example CA  ECDSA P-256
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z  ok  RFC 5280 6.1.3(a)(2)
           signature  signed by CN=Example Root                     ok  RFC 5280 6.1.3(a)(1)
           algorithm  ECDSA P-256, signed with ECDSA with SHA-256   ok  policy
           CA         CA:TRUE                                       ok  RFC 5280 6.1.4(k)
           key usage  keyCertSign                                   ok  RFC 5280 6.1.4(n)
       [2] CN=Example Root  ECDSA P-256  trusted
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z  ok  RFC 5280 6.1.3(a)(2)
           algorithm  ECDSA P-256                                   ok  policy
           CA         CA:TRUE                                       ok  RFC 5280 6.1.4(k)
           key usage  keyCertSign                                   ok  RFC 5280 6.1.4(n)"
    `)
  })

  it('puts what is wrong first, then where', () => {
    expect(told('expired', 'db').join('\n')).toMatchInlineSnapshot(`
      "FAILED  certificate is for another name: expected db, got DNS:web   (judged at 2026-03-01T09:00:00Z)
      also    certificate expired: now 2026-03-01T09:00:00Z, notAfter 2026-02-27T09:00:00Z

      Certificate path  (trust: CN=Example Root)
       [0] CN=web  ECDSA P-256
           name       expected db, got DNS:web                                 FAIL  RFC 9525 6.3
           purpose    serverAuth                                               ok    RFC 5280 4.2.1.12
           key usage  digitalSignature                                         ok    RFC 5280 4.2.1.3
           validity   now 2026-03-01T09:00:00Z, notAfter 2026-02-27T09:00:00Z  FAIL  RFC 5280 6.1.3(a)(2)
           signature  signed by CN=Example CA                                  ok    RFC 5280 6.1.3(a)(1)
           algorithm  ECDSA P-256, signed with ECDSA with SHA-256              ok    policy
       [1] CN=Example CA  ECDSA P-256
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z             ok    RFC 5280 6.1.3(a)(2)
           signature  signed by CN=Example Root                                ok    RFC 5280 6.1.3(a)(1)
           algorithm  ECDSA P-256, signed with ECDSA with SHA-256              ok    policy
           CA         CA:TRUE                                                  ok    RFC 5280 6.1.4(k)
           key usage  keyCertSign                                              ok    RFC 5280 6.1.4(n)
       [2] CN=Example Root  ECDSA P-256  trusted
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z             ok    RFC 5280 6.1.3(a)(2)
           algorithm  ECDSA P-256                                              ok    policy
           CA         CA:TRUE                                                  ok    RFC 5280 6.1.4(k)
           key usage  keyCertSign                                              ok    RFC 5280 6.1.4(n)"
    `)
  })

  it('shows where a path ends, and who was tried', () => {
    expect(told('bad-signature').join('\n')).toMatchInlineSnapshot(`
      "FAILED  signature does not verify: the signature of CN=web does not verify with the key of its issuer CN=Example CA   (judged at 2026-03-01T09:00:00Z)

      Certificate path  (no path to a trusted certificate)
       [0] CN=web  ECDSA P-256
           name       web matches DNS:web in subjectAltName         ok  RFC 9525 6.3
           purpose    serverAuth                                    ok  RFC 5280 4.2.1.12
           key usage  digitalSignature                              ok  RFC 5280 4.2.1.3
           validity   2026-01-30T09:00:00Z .. 2026-04-30T09:00:00Z  ok  RFC 5280 6.1.3(a)(2)
           algorithm  ECDSA P-256, signed with ECDSA with SHA-256   ok  policy
       [1] the signature of CN=web does not verify with the key of its issuer CN=Example CA  FAIL  RFC 5280 6.1.3(a)(1)

      Also tried
       CN=Example CA  ECDSA P-256, sent  CN=web: did not sign it"
    `)
  })
})
