import { endEntity, type IdentitySpec, rootCa, subordinateCa } from '../src/pki/issue/authority.ts'
import type { Identity } from '../src/pki/issue/certificate.ts'
import { issueCertificate } from '../src/pki/issue/certificate.ts'
import { type CrlSpec, issueCrl } from '../src/pki/issue/crl.ts'
import { FAULTS, type Fault, present } from '../src/pki/issue/faults.ts'
import { DAY } from '../src/pki/moment.ts'
import type { Certificate } from '../src/pki/x509/certificate.ts'
import type { Crl } from '../src/pki/x509/crl.ts'
import { EMPTY_NAME, name } from '../src/pki/x509/name.ts'
import type { CertificateErrorCode } from '../src/trace/steps/cert.ts'
import { Rng } from '../src/util/rng.ts'

/** A chain to judge, and the codes that our judge is to answer: none, when the path is good. */
export interface Shape {
  readonly label: string
  /** Leaf first. */
  readonly chain: readonly Certificate[]
  readonly roots: readonly Certificate[]
  readonly at: number
  readonly purpose: 'server' | 'client'
  readonly name?: string
  readonly crls?: readonly Crl[]
  readonly policyCheck?: boolean
  readonly codes: readonly CertificateErrorCode[]
}

export const AT = Date.parse('2026-03-01T09:00:00Z')
const dates = { notBefore: AT - 30 * DAY, notAfter: AT + 60 * DAY }
const base = { at: AT, purpose: 'server' } as const
const rng = (label: string): Rng => new Rng('shapes').fork(label)

const root = (subject: string, spec: Partial<IdentitySpec> = {}, stream = subject): Identity =>
  rootCa({ subject, ...dates, ...spec }, rng(stream))
const sub = (subject: string, parent: Identity, spec: Partial<IdentitySpec> = {}, stream = subject): Identity =>
  subordinateCa({ subject, ...dates, ...spec }, parent, rng(stream))
const leafOf = (parent: Identity, spec: Partial<IdentitySpec> = {}): Identity =>
  endEntity(
    { subject: 'web', names: ['DNS:web.example'], extKeyUsage: ['serverAuth'], ...dates, ...spec },
    parent,
    rng('leaf'),
  )
/** The same name and key under another issuer. */
const crossSigned = (ca: Identity, by: Identity, spec: Partial<IdentitySpec> = {}): Identity => {
  const issued = { subject: ca.certificate.subject, publicKey: ca.key.public, ca: true, ...dates, ...spec }
  return { key: ca.key, certificate: issueCertificate(issued, by, rng('cross')), chain: [] }
}
const sent = (leaf: Identity, ...more: readonly Identity[]): Certificate[] =>
  [leaf, ...more].map((one) => one.certificate)
const trusted = (...identities: readonly Identity[]): Certificate[] => identities.map((one) => one.certificate)

/** Every fault, in every kind of key, for both purposes. */
export function faultShapes(): Shape[] {
  const keys = ['rsa-2048', 'p-256', 'p-384', 'ed25519'] as const
  const faults = [null, ...(Object.keys(FAULTS) as Fault[]).filter((fault) => fault !== 'key-mismatch')]
  return keys.flatMap((key) =>
    (['server', 'client'] as const).flatMap((purpose) =>
      faults.map((fault) => {
        const options = { at: AT, names: ['DNS:web.example'], key, purpose }
        const { identity, roots, crls } = present(fault, options, rng(`${fault}/${key}/${purpose}`))
        // What was not sent is not known to an openssl that has the same files.
        const code = fault === 'missing-intermediate' ? 'unknown-ca' : fault === null ? null : FAULTS[fault]
        return {
          ...base,
          label: `${fault ?? 'sound'} ${key} ${purpose}`,
          chain: [identity.certificate, ...identity.chain],
          roots,
          purpose,
          name: 'web.example',
          ...(crls.length > 0 ? { crls } : {}),
          codes: code === null ? [] : [code],
        }
      }),
    ),
  )
}

/** Shapes of paths: depth, order, cross-signing, loops, several of a name. */
export function pathShapes(): Shape[] {
  const shapes: Shape[] = []
  const add = (
    label: string,
    chain: Certificate[],
    roots: Certificate[],
    codes: CertificateErrorCode[] = [],
    more = {},
  ) => shapes.push({ ...base, label, chain, roots, codes, ...more })
  const r = root('R')
  const s = root('S')
  for (let depth = 0; depth <= 6; depth++) {
    const cas: Identity[] = []
    for (let i = 0; i < depth; i++) cas.unshift(sub(`I${i}`, cas[0] ?? r))
    const leaf = leafOf(cas[0] ?? r)
    add(`${depth} intermediates`, sent(leaf, ...cas), trusted(r))
    if (depth > 1) add(`${depth} intermediates, sent upside down`, sent(leaf, ...cas.toReversed()), trusted(r))
    if (depth > 1)
      add(`${depth} intermediates, the first missing`, sent(leaf, ...cas.slice(1)), trusted(r), ['unknown-ca'])
    if (depth > 1)
      add(`${depth} intermediates, the last missing`, sent(leaf, ...cas.slice(0, -1)), trusted(r), ['unknown-ca'])
    if (depth > 0) add(`${depth} intermediates and the root, sent`, sent(leaf, ...cas, r), trusted(r))
    if (depth > 0)
      add(`${depth} intermediates and an untrusted root, sent`, sent(leaf, ...cas, r), trusted(s), ['unknown-ca'])
  }
  const i = sub('I', r)
  const leaf = leafOf(i)
  add('nothing trusted', sent(leaf, i), trusted(s), ['unknown-ca'])
  add('strangers sent along', sent(leaf, s, sub('X', s), i), trusted(r, s))
  add('everything twice', sent(leaf, i, i, leaf), trusted(r, r))
  add('a trusted intermediate ends the path', sent(leaf), trusted(i))
  add('a trusted leaf is its own path', sent(leaf), trusted(leaf))
  const alone = root('web', {
    ca: false,
    names: ['DNS:web.example'],
    extKeyUsage: ['serverAuth'],
    keyUsage: ['digitalSignature'],
  })
  add('self-signed leaf, trusted', sent(alone), trusted(alone), [], { name: 'web.example' })
  add('self-signed leaf, not trusted', sent(alone), trusted(r), ['self-signed'])

  const cross = crossSigned(i, s)
  add('cross-signed: the other root', sent(leaf, i, cross), trusted(s))
  add('cross-signed: both roots', sent(leaf, cross, i), trusted(r, s))
  const old = crossSigned(i, s, { notAfter: AT - DAY })
  add('cross-signed: expired copy first', sent(leaf, old, i), trusted(r, s))
  add('cross-signed: only the expired copy leads on', sent(leaf, i, old), trusted(s), ['expired'])
  const bridgeA = crossSigned(r, s)
  const bridgeB = crossSigned(s, r)
  add('two roots that sign each other, none trusted', sent(leaf, i, bridgeA, bridgeB), trusted(root('T')), [
    'unknown-ca',
  ])
  add('two roots that sign each other, the far one trusted', sent(leaf, i, bridgeB, bridgeA), trusted(s))
  const rekeyed = crossSigned(root('R', {}, 'new key'), r)
  const underNew = leafOf({ ...rekeyed, chain: [] })
  add('key rollover: new signed by old (self-issued)', sent(underNew, rekeyed), trusted(r))
  const limited = root('P', { ca: { pathLength: 0 } })
  const rolled = crossSigned(root('P', {}, 'new P'), limited)
  add(
    'a self-issued certificate does not count towards the path length',
    sent(leafOf(rolled), rolled),
    trusted(limited),
  )

  const twin = sub('I', r, {}, 'another key')
  add('two of a name, key ids tell', sent(leaf, twin, i), trusted(r))
  const bare = { subjectKeyId: null, authorityKeyId: null } as const
  const [one, two] = [sub('N', r, bare, 'n1'), sub('N', r, bare, 'n2')]
  add('two of a name, no key ids, the wrong one first', sent(leafOf(one, bare), two, one), trusted(r))
  add('two of a name, no key ids, only the wrong one', sent(leafOf(one, bare), two), trusted(r), ['bad-signature'])
  add('only the wrong one of a name, key ids differ', sent(leaf, twin), trusted(r), ['unknown-ca'])
  const impostor = root('R', {}, 'impostor')
  add('a trusted root of that name with another key', sent(leaf, i), trusted(impostor), ['unknown-ca'])
  add('both roots of that name trusted', sent(leaf, i), trusted(impostor, r))
  const wrongHint = leafOf(i, { authorityKeyId: new Uint8Array(20) })
  add('a wrong authority key id', sent(wrongHint, i), trusted(r))
  return shapes
}

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

/** RFC 9525: what was asked for, against what the leaf says. */
export function nameShapes(): Shape[] {
  const r = root('R')
  const ask = (wanted: string, names: readonly string[], ok: boolean, subject = 'web'): Shape => ({
    ...base,
    label: `${wanted} asked of ${names.join(', ') || `CN=${subject} alone`}`,
    chain: sent(leafOf(r, { names, subject })),
    roots: trusted(r),
    name: wanted,
    codes: ok ? [] : ['name-mismatch'],
  })
  return [
    ask('web.example', ['DNS:web.example'], true),
    ask('WEB.Example', ['DNS:web.eXample'], true),
    ask('web.example', ['DNS:a.example', 'DNS:b.example', 'DNS:web.example'], true),
    ask('web.example', ['DNS:example'], false),
    ask('a.web.example', ['DNS:web.example'], false),
    ask('web.example', [], false, 'web.example'),
    ask('web.example', ['DNS:other.example'], false, 'web.example'),
    ask('web.example', ['IP:10.0.0.1'], false, 'web.example'),
    ask('a.web.example', ['DNS:*.web.example'], true),
    ask('web.example', ['DNS:*.web.example'], false),
    ask('a.b.web.example', ['DNS:*.web.example'], false),
    ask('web.example', ['DNS:w*.example.com'], false),
    ask('web.example.com', ['DNS:w*.example.com'], false),
    ask('web.a.example.com', ['DNS:web.*.example.com'], false),
    ask('web.example', ['DNS:*.example'], true),
    ask('web', ['DNS:*'], false),
    ask('xn--bcher-kva.example.com', ['DNS:*.example.com'], true),
    ask('10.96.0.1', ['IP:10.96.0.1'], true),
    ask('10.96.0.1', ['IP:10.96.0.2'], false),
    ask('10.96.0.1', ['DNS:10.96.0.1'], false),
    ask('10.96.0.1', [], false, '10.96.0.1'),
    ask('fd00::1', ['IP:fd00::1'], true),
    ask('fd00::1', ['IP:fd00::2'], false),
    ask('::ffff:10.0.0.1', ['IP:10.0.0.1'], false),
    ask('a_b.example.com', ['DNS:a_b.example.com'], true),
    ask('web.example', ['URI:https://web.example/'], false),
  ]
}

/** RFC 5280 4.2.1.10. */
export function constraintShapes(): Shape[] {
  const r = root('R')
  const shapes: Shape[] = []
  const check = (
    constraints: NonNullable<IdentitySpec['nameConstraints']>,
    names: readonly string[],
    ok: boolean,
    spec: Partial<IdentitySpec> = {},
  ): void => {
    const said = (['permitted', 'excluded'] as const).map((kind) =>
      [kind, ...(constraints[kind] ?? []).map(shown)].join(' '),
    )
    const asked = [...names, ...(spec.subject === undefined ? [] : [shown(spec.subject)])]
    const label = `${said.join(' ')}: ${asked.join(', ')}`
    const ca = sub('I', r, { nameConstraints: constraints }, label)
    const codes = ok ? [] : (['name-constraint'] as const)
    shapes.push({ ...base, label, chain: sent(leafOf(ca, { names, ...spec }), ca), roots: trusted(r), codes })
  }
  const permit = (...permitted: string[]) => ({ permitted })
  const exclude = (...excluded: string[]) => ({ excluded })
  check(permit('DNS:example.com'), ['DNS:example.com'], true)
  check(permit('DNS:example.com'), ['DNS:a.b.example.com'], true)
  check(permit('DNS:example.com'), ['DNS:badexample.com'], false)
  check(permit('DNS:example.com'), ['DNS:a.example.com', 'DNS:example.org'], false)
  check(permit('DNS:example.com', 'DNS:example.org'), ['DNS:a.example.com', 'DNS:example.org'], true)
  check(permit('DNS:.example.com'), ['DNS:a.example.com'], true)
  check(permit('DNS:example.com'), ['DNS:*.example.com'], true)
  check(permit('DNS:example.com'), ['IP:10.0.0.1'], true)
  check(exclude('DNS:example.com'), ['DNS:a.example.com'], false)
  check(exclude('DNS:example.com'), ['DNS:example.org'], true)
  check(exclude('DNS:'), ['DNS:example.org'], false)
  check({ permitted: ['DNS:example.com'], excluded: ['DNS:a.example.com'] }, ['DNS:a.example.com'], false)
  check({ permitted: ['DNS:example.com'], excluded: ['DNS:a.example.com'] }, ['DNS:b.example.com'], true)
  check(permit('IP:10.0.0.0/8'), ['IP:10.1.2.3'], true)
  check(permit('IP:10.0.0.0/8'), ['IP:11.1.2.3'], false)
  check(permit('IP:10.0.0.0/8'), ['IP:fd00::1'], false)
  check(permit('IP:10.0.0.0/8', 'IP:fd00::/8'), ['IP:fd00::1', 'IP:10.9.9.9'], true)
  check(exclude('IP:0.0.0.0/0'), ['IP:10.1.2.3'], false)
  check(exclude('IP:10.0.0.0/12'), ['IP:10.16.0.1'], true)
  check(permit('URI:example.com'), ['URI:https://example.com/x'], true)
  check(permit('URI:example.com'), ['URI:https://a.example.com/x'], false)
  check(permit('URI:.example.com'), ['URI:https://a.example.com:8443/x'], true)
  check(permit('URI:.example.com'), ['URI:https://example.com/x'], false)
  check(permit('URI:cluster.local'), ['URI:spiffe://cluster.local/ns/default/sa/web'], true)
  check(permit('URI:cluster.local'), ['URI:spiffe://other.local/ns/default/sa/web'], false)
  check(exclude('URI:example.com'), ['URI:https://example.com'], false)
  check(permit('URI:example.com'), ['URI:urn:example:com'], false)
  check(permit('email:example.com'), ['email:a@example.com'], true)
  check(permit('email:example.com'), ['email:a@b.example.com'], false)
  check(permit('email:.example.com'), ['email:a@b.example.com'], true)
  check(permit('email:a@example.com'), ['email:a@example.com'], true)
  check(permit('email:a@example.com'), ['email:b@example.com'], false)
  const directory = { permitted: [{ kind: 'directory', value: name([['O', 'Example']]) }] } as const
  check(directory, ['DNS:x'], true, {
    subject: name([
      ['O', 'Example'],
      ['CN', 'web'],
    ]),
  })
  check(directory, ['DNS:x'], true, {
    subject: name([
      ['O', 'EXAMPLE '],
      ['CN', 'web'],
    ]),
  })
  check(directory, ['DNS:x'], false, {
    subject: name([
      ['O', 'Other'],
      ['CN', 'web'],
    ]),
  })
  check(permit('DNS:example.com'), [], true, { subject: 'web.example.org' })
  return shapes
}

const shown = (value: unknown): string => {
  if (typeof value === 'string') return value
  return (value as { text?: string }).text ?? (value as { value: { text: string } }).value.text
}

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

export const allShapes = (): readonly Shape[] => [
  ...faultShapes(),
  ...pathShapes(),
  ...ruleShapes(),
  ...nameShapes(),
  ...constraintShapes(),
  ...crlShapes(),
  ...policyShapes(),
]
