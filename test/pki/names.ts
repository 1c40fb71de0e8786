import type { IdentitySpec } from '../../src/pki/issue/authority.ts'
import { name } from '../../src/pki/x509/name.ts'
import { base, leafOf, root, type Shape, sent, sub, trusted } from './shape.ts'

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
  check(exclude('DNS:a.example.com'), ['DNS:*.example.com'], false)
  check(exclude('DNS:b.a.example.com'), ['DNS:*.example.com'], true)
  check(exclude('DNS:.a.example.com'), ['DNS:*.example.com'], true)
  check(permit('DNS:a.example.com'), ['DNS:*.example.com'], false)
  check(permit('DNS:example.com'), ['DNS:EXAMPLE.com'], true)
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
