import type { Identity } from '../../src/pki/issue/certificate.ts'
import { FAULTS, type Fault, present } from '../../src/pki/issue/faults.ts'
import { DAY } from '../../src/pki/moment.ts'
import type { Certificate } from '../../src/pki/x509/certificate.ts'
import type { CertificateErrorCode } from '../../src/trace/steps/cert.ts'
import { AT, base, crossSigned, leafOf, rng, root, type Shape, sent, sub, trusted } from './shape.ts'

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
