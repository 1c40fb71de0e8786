import { describe, expect, it } from 'vitest'
import {
  askIngress,
  choices,
  emulateIngress,
  explained,
  ingress,
  ingressClass,
  printed,
  ruleFor,
  secret,
} from '../../../test/support/ingress-cluster.ts'
import type { IngressCertificateWhy } from '../../trace/steps/ingress.ts'

const tls = (entry: string, host = 'shop.example'): string => `tls: [${entry}], ${ruleFor(host)}`
const NAMED = '{ hosts: [shop.example], secretName: shop-tls }'
const GOOD = secret('shop-tls', 'names=shop.example')
const FAKE = 'CN=Kubernetes Ingress Controller Fake Certificate'

describe('the certificate for a host', () => {
  it('is that of the Secret that spec.tls names, with its chain', () => {
    const objects = [ingress('shop', tls(NAMED)), secret('shop-tls', 'names=shop.example&issuer=intermediate')]
    const emulation = emulateIngress({ objects })
    expect(askIngress(emulation, 'https://shop.example/')).toMatchObject({ code: 0, status: 200 })
    expect(choices(emulation)).toMatchObject([
      {
        serverName: 'shop.example',
        why: 'secret',
        host: 'shop.example',
        ingress: 'default/shop',
        field: 'spec.tls[0].secretName',
        secret: 'default/shop-tls',
      },
    ])
    expect(printed(emulation)).toEqual([])
  })

  it('is an exact host’s before a wildcard’s, and a wildcard’s where the exact one has none', () => {
    const objects = [
      ingress('a', tls("{ hosts: ['*.example'], secretName: wild-tls }", '*.example')),
      ingress('b', tls('{ hosts: [b.example], secretName: b-tls }', 'b.example')),
      ingress('c', ruleFor('c.example')),
      secret('wild-tls', 'names=*.example'),
      secret('b-tls', 'names=b.example'),
    ]
    const emulation = emulateIngress({ objects })
    for (const host of ['a.example', 'b.example', 'c.example'])
      expect(askIngress(emulation, `https://${host}/`)).toMatchObject({ code: 0, status: 200 })
    expect(choices(emulation).map((choice) => choice.secret)).toEqual([
      'default/wild-tls',
      'default/b-tls',
      'default/wild-tls',
    ])
    expect(askIngress(emulation, 'https://x.a.example/').code).toBe(60)
    expect(choices(emulation).at(-1)).toMatchObject({ why: 'unknown-host', host: '' })
  })

  it('is found in any Secret of spec.tls that covers it, where no entry names it', () => {
    const entries = '{ secretName: gone-tls }, { hosts: [other.example], secretName: shop-tls }'
    const emulation = emulateIngress({ objects: [ingress('shop', tls(entries)), GOOD] })
    expect(askIngress(emulation, 'https://shop.example/').code).toBe(0)
    expect(choices(emulation)[0]).toMatchObject({ why: 'secret', field: 'spec.tls[1].secretName' })
  })

  it('without one is the controller’s own, for ingress.local, or that of --default-ssl-certificate', () => {
    const emulation = emulateIngress({ objects: [ingress('shop', ruleFor('shop.example'))] })
    expect(askIngress(emulation, 'https://shop.example/').code).toBe(60)
    const { tls: cluster, recorder } = emulation
    const judged = recorder.steps.map(({ event }) => event).find((event) => event.kind === 'cert-judge')
    expect(judged?.leaf.subject).toContain(FAKE)
    expect(cluster.origins.of(judged?.leaf.fingerprint ?? '')).toMatchObject({
      object: 'Pod ingress-nginx/controller',
      names: ['ingress.local'],
    })
    const serve = 'defaultCertificate=infra/any-tls'
    const other = emulateIngress({ serve, objects: [secret('any-tls', 'names=shop.example', 'infra')] })
    expect(askIngress(other, 'https://shop.example/')).toMatchObject({ code: 0, status: 404 })
  })
})

/** A Secret with what is no certificate. */
const MALFORMED = `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: shop-tls }
stringData: { tls.crt: nothing, tls.key: nothing }
`

interface Fault {
  readonly objects: readonly string[]
  readonly why: IngressCertificateWhy
  readonly object: string
  readonly knew: RegExp
  readonly fix: RegExp
  readonly logged?: RegExp
  readonly url?: string
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'the Secret is missing': {
    objects: [ingress('shop', tls(NAMED))],
    why: 'secret-missing',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /sent its default certificate: Ingress default\/shop: spec\.tls\[0\]\.secretName names Secret default\/shop-tls, which is not there/,
    fix: /^create Secret default\/shop-tls .* a certificate for shop\.example/,
    logged: /Error getting SSL certificate "default\/shop-tls": .* was not found\. Using default certificate/,
  },
  'the Secret is in another namespace': {
    objects: [ingress('shop', tls(NAMED)), secret('shop-tls', 'names=shop.example', 'infra')],
    why: 'secret-missing',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /Secret default\/shop-tls, which is not there/,
    fix: /^copy Secret infra\/shop-tls to Secret default\/shop-tls.*Secrets of its own namespace, default, and no other/,
    logged: /local SSL certificate default\/shop-tls was not found/,
  },
  'the Secret holds no certificate': {
    objects: [ingress('shop', tls(NAMED)), MALFORMED],
    why: 'secret-unusable',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /Secret default\/shop-tls, which Ingress .* names, cannot be used/,
    fix: /put a certificate for shop\.example and its key into Secret default\/shop-tls/,
    logged: /Error getting SSL certificate "default\/shop-tls"/,
  },
  'the key in the Secret is another’s': {
    objects: [ingress('shop', tls(NAMED)), secret('shop-tls', 'names=shop.example&fault=key-mismatch')],
    why: 'secret-unusable',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /cannot be used/,
    fix: /certificate for shop\.example and its key/,
    logged: /Error getting SSL certificate "default\/shop-tls"/,
  },
  'the certificate lacks the host': {
    objects: [ingress('shop', tls(NAMED)), secret('shop-tls', 'names=a.example+b.example')],
    why: 'host-not-covered',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /the one in Secret default\/shop-tls, .* is for a\.example, b\.example, not for shop\.example/,
    fix: /reissue the certificate in Secret default\/shop-tls with shop\.example among its SANs \(it has a\.example, b\.example\)/,
    logged: /does not contain a Common Name or Subject Alternative Name for server "shop\.example"/,
  },
  'a wildcard host needs the wildcard itself in the certificate': {
    objects: [
      ingress('shop', tls("{ hosts: ['*.shop.example'], secretName: shop-tls }", '*.shop.example')),
      secret('shop-tls', 'names=a.shop.example'),
    ],
    why: 'host-not-covered',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /not for \*\.shop\.example/,
    fix: /with \*\.shop\.example among its SANs/,
    logged: /for server "\*\.shop\.example"/,
    url: 'https://a.shop.example/',
  },
  'spec.tls names no Secret': {
    objects: [ingress('shop', tls('{ hosts: [shop.example] }'))],
    why: 'no-secret-name',
    object: 'Ingress default/shop: spec.tls[0].secretName',
    knew: /spec\.tls\[0\]\.secretName is empty/,
    fix: /name a Secret with a certificate for shop\.example in Ingress default\/shop: spec\.tls\[0\]\.secretName/,
  },
  'spec.tls does not name the host': {
    objects: [
      ingress('shop', tls('{ hosts: [other.example], secretName: other-tls }')),
      secret('other-tls', 'names=other.example'),
    ],
    why: 'host-not-in-tls',
    object: 'Ingress default/shop: spec.tls',
    knew: /spec\.tls does not name shop\.example/,
    fix: /add shop\.example to the hosts of an entry of spec\.tls of Ingress default\/shop/,
  },
  'there is no spec.tls': {
    objects: [ingress('shop', ruleFor('shop.example'))],
    why: 'no-tls',
    object: 'Ingress default/shop: spec.tls',
    knew: /Ingress default\/shop has no spec\.tls/,
    fix: /give Ingress default\/shop a spec\.tls: hosts \[shop\.example\]/,
  },
  'only spec.tls has the host': {
    objects: [ingress('shop', `tls: [${NAMED}], ${ruleFor('other.example')}`), GOOD],
    why: 'host-without-rule',
    object: 'Ingress default/shop: spec.tls[0].hosts[0]',
    knew: /is shop\.example, for which there is no rule/,
    fix: /give Ingress default\/shop a rule for the host shop\.example/,
  },
  'the Ingress is another controller’s': {
    objects: [ingress('shop', tls(NAMED)).replace('ingressClassName: nginx', 'ingressClassName: inside'), GOOD],
    why: 'other-class',
    object: 'Ingress default/shop: spec.ingressClassName',
    knew: /it does not serve Ingress default\/shop: there is no IngressClass inside/,
    fix: /give Ingress default\/shop a class that this controller serves \(spec\.ingressClassName\)/,
    logged: /Ignoring ingress "default\/shop" because of its class/,
  },
  'nobody has the host': {
    objects: [],
    why: 'unknown-host',
    object: `Pod ingress-nginx/controller, ${FAKE.slice(3)}`,
    knew: /no Ingress has the host shop\.example/,
    fix: /give an Ingress a rule for the host shop\.example/,
  },
  'the client names nobody': {
    objects: [ingress('shop', tls(NAMED)), GOOD],
    why: 'no-server-name',
    object: `Pod ingress-nginx/controller, ${FAKE.slice(3)}`,
    knew: /the client named no host/,
    fix: /let the client name the host/,
    url: 'https://192.168.56.11/',
  },
}

describe('a handshake that fails because of an Ingress', () => {
  for (const [name, { objects, why, object, knew, fix, logged, url = 'https://shop.example/' }] of Object.entries(
    FAULTS,
  )) {
    it(`${name}: ${object}`, () => {
      const emulation = emulateIngress({ objects })
      expect(askIngress(emulation, url)).toMatchObject({ code: 60, tls: { alertBy: 'client' } })
      expect(choices(emulation)).toMatchObject([{ why }])
      const alert = explained(emulation)
      expect(alert).toMatchObject({ object, ingress: { why }, by: 'client' })
      expect(alert?.knew.find(({ side, fact }) => side === 'server' && knew.test(fact))).toBeDefined()
      expect(alert?.fix).toMatch(fix)
      if (logged === undefined) expect(printed(emulation)).toEqual([])
      else expect(printed(emulation).join('\n')).toMatch(logged)
    })
  }

  /** The Secret's own certificate was sent, and is what is wrong. */
  it.each([
    ['expired', /reissue the certificate for shop\.example; put it into Secret default\/shop-tls/],
    ['missing-intermediate', /append the certificate of CN=Example CA to Secret default\/shop-tls, tls\.crt/],
    ['unknown-ca', /have the certificate issued by a CA that it trusts/],
  ])('its certificate is %s: the field, and the Secret', (fault, fix) => {
    const objects = [ingress('shop', tls(NAMED)), secret('shop-tls', `names=shop.example&fault=${fault}`)]
    const emulation = emulateIngress({ objects })
    expect(askIngress(emulation, 'https://shop.example/').code).toBe(60)
    const alert = explained(emulation)
    expect(alert?.object).toBe('Ingress default/shop: spec.tls[0].secretName => Secret default/shop-tls, tls.crt')
    expect(alert?.fix).toMatch(fix)
    expect(alert?.commands.join('\n')).toContain('kubectl -n default create secret tls shop-tls')
  })

  it('commands copy a Secret from where it is', () => {
    const objects = [ingress('shop', tls(NAMED)), secret('shop-tls', 'names=shop.example', 'infra')]
    const emulation = emulateIngress({ objects })
    askIngress(emulation, 'https://shop.example/')
    const [show, copy] = explained(emulation)?.commands ?? []
    expect(show).toBe("kubectl -n default get ingress shop -o jsonpath='{.spec.tls}'")
    expect(copy).toMatch(/^kubectl -n infra get secret shop-tls .* \| kubectl -n default apply -f -$/)
  })
})

describe('classes', () => {
  const SHOP = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop ANNOTATION }
spec: { CLASS ${ruleFor('shop.example')} }
`
  const shop = (field: string, annotation: string): string =>
    SHOP.replace('CLASS', field === '' ? '' : `ingressClassName: ${field},`).replace(
      'ANNOTATION',
      annotation === '' ? '' : `, annotations: { kubernetes.io/ingress.class: ${annotation} }`,
    )
  const DEFAULT = ", annotations: { ingressclass.kubernetes.io/is-default-class: 'true' }"
  const status = (serve: string, one: string, classes: readonly string[]): number | null =>
    askIngress(emulateIngress({ serve, classes, objects: [one] }), 'http://shop.example/').status

  it.each([
    ['the field names a class of the controller’s', '', 'nginx', '', [ingressClass()], 200],
    ['the field names no class', '', 'nginx', '', [], 404],
    ['the annotation names it', '', '', 'nginx', [], 200],
    ['the annotation names another', '', '', 'traefik', [ingressClass()], 404],
    ['no class', '', '', '', [ingressClass()], 404],
    ['no class, and a default one', '', '', '', [ingressClass('nginx', DEFAULT)], 200],
    ['no class, and it serves such', 'withoutClass=served', '', '', [], 200],
    ['by controller, another name', '', 'public', '', [ingressClass('public')], 200],
    ['by name, that one', 'class=inside', 'inside', '', [ingressClass('inside'), ingressClass()], 200],
    ['by name, not the other', 'class=inside', 'nginx', '', [ingressClass('inside'), ingressClass()], 404],
    ['another controller', 'controller=acme.io/x', 'nginx', '', [ingressClass()], 404],
  ] as const)('%s', (_name, serve, field, annotation, classes, wanted) => {
    expect(status(serve, shop(field, annotation), classes)).toBe(wanted)
  })
})
