import type { IdentitySpec } from '../../src/pki/issue/authority.ts'
import type { Identity } from '../../src/pki/issue/certificate.ts'
import { type CrlSpec, issueCrl } from '../../src/pki/issue/crl.ts'
import { DAY } from '../../src/pki/moment.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import { EMPTY_NAME } from '../../src/pki/x509/name.ts'
import type { CertificateErrorCode } from '../../src/trace/steps/cert.ts'
import { AT, base, leafOf, rng, root, type Shape, sent, sub, trusted } from './shape.ts'

/** Rules on issuers, the anchor, extensions, keys and signatures. */
export function ruleShapes(): Shape[] {
  const shapes: Shape[] = []
  const add = (
    label: string,
    chain: Certificate[],
    roots: Certificate[],
    codes: CertificateErrorCode[] = [],
    more = {},
  ) => shapes.push({ ...base, label, chain, roots, codes, ...more })
  const r = root('R')
  const via = (
    label: string,
    spec: Partial<IdentitySpec>,
    codes: CertificateErrorCode[] = [],
    leafSpec: Partial<IdentitySpec> = {},
  ) => {
    const ca = sub('I', r, spec, label)
    add(label, sent(leafOf(ca, leafSpec), ca), trusted(r), codes)
  }
  const top = (label: string, spec: Partial<IdentitySpec>, codes: CertificateErrorCode[] = []) => {
    const anchor = root('R', spec, label)
    const ca = sub('I', anchor)
    add(label, sent(leafOf(ca), ca), trusted(anchor), codes)
  }
  const end = (label: string, spec: Partial<IdentitySpec>, codes: CertificateErrorCode[] = [], more = {}) =>
    add(label, sent(leafOf(r, spec)), trusted(r), codes, more)

  via('intermediate expired', { notAfter: AT - DAY }, ['expired'])
  via('intermediate not yet valid', { notBefore: AT + DAY }, ['not-yet-valid'])
  via('intermediate without basicConstraints', { ca: undefined }, ['not-a-ca'])
  via('intermediate of version 1', { version: 1 }, ['not-a-ca'])
  via('intermediate without keyCertSign', { keyUsage: ['digitalSignature', 'cRLSign'] }, ['key-usage'])
  via('intermediate for other purposes', { extKeyUsage: ['emailProtection'] }, ['wrong-purpose'])
  via('intermediate for servers', { extKeyUsage: ['serverAuth'] })
  via('intermediate of 1024 bits', { key: 'rsa-1024' }, ['weak-key'])
  via('intermediate signed with SHA-1', { hash: 'sha1' }, ['weak-signature'])
  via('intermediate with an unknown critical extension', { extensions: [stranger(true)] }, [
    'unknown-critical-extension',
  ])
  via('intermediate with an unknown extension', { extensions: [stranger(false)] })
  via('intermediate of path length 0', { ca: { pathLength: 0 } })
  top('root expired', { notAfter: AT - DAY }, ['expired'])
  top('root of path length 0', { ca: { pathLength: 0 } }, ['path-length'])
  top('root of path length 1', { ca: { pathLength: 1 } })
  top('root of version 1', { version: 1 })
  top('root with CA:FALSE', { ca: false, keyUsage: undefined }, ['not-a-ca'])
  top('root without keyCertSign', { keyUsage: ['digitalSignature'] }, ['key-usage'])
  top('root signed with SHA-1', { hash: 'sha1' })
  top('root of 1024 bits', { key: 'rsa-1024' }, ['weak-key'])
  top('root of RSA 3072', { key: 'rsa-3072' })
  top('root with name constraints', { nameConstraints: { permitted: ['DNS:other'] } }, ['name-constraint'])
  const deep = root('R', {}, 'lengths')
  const [a, b] = [sub('A', deep, { ca: { pathLength: 1 } }), (parent: Identity) => sub('B', parent)]
  const c = sub('C', b(a))
  add('path length 1 with one below', sent(leafOf(b(a)), b(a), a), trusted(deep))
  add('path length 1 with two below', sent(leafOf(c), c, b(a), a), trusted(deep), ['path-length'])

  end('leaf without extKeyUsage', { extKeyUsage: undefined })
  end('leaf for any purpose', { extKeyUsage: ['any'] })
  end('leaf for both purposes', { extKeyUsage: ['clientAuth', 'serverAuth'] })
  end('leaf for code signing', { extKeyUsage: ['codeSigning'] }, ['wrong-purpose'])
  end('leaf with keyUsage that fits no handshake', { keyUsage: ['dataEncipherment'] }, ['key-usage'])
  end('leaf without keyUsage', { keyUsage: undefined })
  end('leaf that is a CA', { ca: true, keyUsage: ['digitalSignature', 'keyCertSign'] })
  end('leaf with an unknown critical extension', { extensions: [stranger(true)] }, ['unknown-critical-extension'])
  end('leaf without a subject', { subject: EMPTY_NAME }, [], { name: 'web.example' })
  end('leaf of RSA 1024 for a client', { key: 'rsa-1024', extKeyUsage: ['clientAuth'] }, ['weak-key'], {
    purpose: 'client',
  })
  end('two things wrong', { notAfter: AT - DAY, extKeyUsage: ['clientAuth'] }, ['wrong-purpose', 'expired'])
  end('the last valid second', { notAfter: AT })
  end('the first valid second', { notBefore: AT })
  end('a second late', { notAfter: AT - 1000 }, ['expired'])
  end('a second early', { notBefore: AT + 1000 }, ['not-yet-valid'])
  end('valid until 9999', { notAfter: '9999-12-31T23:59:59Z' })
  const mixed = [
    root('R', { key: 'rsa-2048' }, 'mixed'),
    root('R', { key: 'p-384' }, 'mixed'),
    root('R', { key: 'ed25519' }, 'mixed'),
  ]
  for (const anchor of mixed) {
    for (const hash of anchor.key.kind === 'ed25519' ? [undefined] : (['sha256', 'sha384', 'sha512'] as const)) {
      const chain = sent(leafOf(anchor, { hash }))
      add(`signed with ${anchor.key.kind} ${hash ?? ''}`, chain, trusted(anchor))
      if (anchor.key.kind === 'rsa')
        add(`signed with RSA-PSS ${hash}`, sent(leafOf(anchor, { hash, pss: true })), trusted(anchor))
    }
  }
  return shapes
}

const stranger = (critical: boolean) => ({ oid: '1.3.6.1.4.1.99999.1', critical, value: Uint8Array.of(5, 0) })

/** RFC 5280 6.3: the leaf's own CA has a CRL. */
export function crlShapes(): Shape[] {
  const r = root('R')
  const i = sub('I', r)
  const leaf = leafOf(i)
  const list = (label: string, spec: Partial<CrlSpec>, codes: CertificateErrorCode[], by: Identity = i): Shape => {
    const whole = { thisUpdate: AT - DAY, nextUpdate: AT + DAY, revoked: [], ...spec }
    return { ...base, label, chain: sent(leaf, i), roots: trusted(r), crls: [issueCrl(whole, by, rng(label))], codes }
  }
  const revoked = [{ certificate: leaf.certificate, at: AT - 2 * DAY }]
  const mute = sub('I', r, { keyUsage: ['keyCertSign'] }, 'mute')
  return [
    list('CRL without it', {}, []),
    list('CRL with another', { revoked: [{ certificate: i.certificate, at: AT - DAY }] }, []),
    list('CRL with it', { revoked }, ['revoked']),
    list('CRL with a reason', { revoked: [{ ...revoked[0], reason: 'certificateHold' }] }, ['revoked']),
    list('CRL out of date', { nextUpdate: AT - DAY / 2 }, ['revocation-unusable']),
    list('CRL of tomorrow', { thisUpdate: AT + DAY / 2 }, ['revocation-unusable']),
    list('CRL signed by another key', { key: r.key, revoked }, ['revocation-unusable']),
    {
      ...list('CRL of a CA that may not sign any', {}, ['revocation-unusable'], mute),
      chain: sent(leafOf(mute), mute),
    },
  ]
}

/** RFC 5280 6.1.5(g), where an explicit policy is asked for. */
export function policyShapes(): Shape[] {
  const r = root('R')
  const policy = (
    label: string,
    ca: Partial<IdentitySpec>,
    leaf: Partial<IdentitySpec>,
    codes: CertificateErrorCode[],
  ): Shape => {
    const i = sub('I', r, ca, label)
    return { ...base, label, chain: sent(leafOf(i, leaf), i), roots: trusted(r), policyCheck: true, codes }
  }
  const explicit = { policyConstraints: { explicit: 0 } }
  return [
    policy('policies that nobody asked for', { policies: ['1.2.3'] }, { policies: ['1.2.4'] }, []),
    policy('explicit policy, the same all the way', { ...explicit, policies: ['1.2.3'] }, { policies: ['1.2.3'] }, []),
    policy('explicit policy, another in the leaf', { ...explicit, policies: ['1.2.3'] }, { policies: ['1.2.4'] }, [
      'policy',
    ]),
    policy('explicit policy, none in the leaf', { ...explicit, policies: ['1.2.3'] }, {}, ['policy']),
    policy('explicit policy, any above', { ...explicit, policies: ['2.5.29.32.0'] }, { policies: ['1.2.4'] }, []),
    policy(
      'explicit policy, any in the leaf, inhibited',
      { ...explicit, policies: ['1.2.3'], inhibitAnyPolicy: 0 },
      { policies: ['2.5.29.32.0'] },
      ['policy'],
    ),
    policy('explicit policy, any in the leaf', { ...explicit, policies: ['1.2.3'] }, { policies: ['2.5.29.32.0'] }, []),
    policy('explicit policy asked by the leaf alone', {}, explicit, ['policy']),
  ]
}
