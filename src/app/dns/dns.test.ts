import { describe, expect, it } from 'vitest'
import { SECOND } from '../../sim/time.ts'
import { type Address, formatAddress, keyOf, parseAddress } from '../../util/address.ts'
import { Rng } from '../../util/rng.ts'
import { type DnsMessage, RCODE } from '../../wire/dns/message.ts'
import { IN, RECORD_TYPE } from '../../wire/dns/record.ts'
import type { PodContext, Resolution } from '../context.ts'
import { curl } from '../curl/curl.ts'
import { echoPage } from '../http/echo-page.ts'
import { serveHttp } from '../http/server.ts'
import { AppLab } from '../testing/lab.ts'
import { coredns, reply } from './coredns.ts'
import { recordText } from './exchange.ts'
import type { DnsService, KubeDirectory } from './kube-directory.ts'
import { KubeZone } from './kube-zone.ts'
import { clusterFirst, parseResolvConf, type ResolvConf } from './resolv-conf.ts'
import { candidates, Resolver } from './resolver.ts'
import { arpaOf } from './reverse.ts'

const at = (text: string): Address => parseAddress(text)!

function service(name: string, more: Partial<DnsService>): DnsService {
  const ports = [{ name: 'http', protocol: 'tcp', port: 80 } as const]
  return { namespace: 'default', name, addresses: [], externalName: null, ports, endpoints: [], ...more }
}

const endpoints = (...addresses: string[]) => addresses.map((text) => ({ address: at(text), hostname: null }))

const SERVICES = [
  service('web', { addresses: [at('10.96.0.80'), at('fd00:96::80')], endpoints: endpoints('10.244.2.2') }),
  service('direct', { addresses: [at('10.244.2.2')] }),
  service('db', { endpoints: [{ address: at('10.244.1.3'), hostname: 'db-0' }, ...endpoints('10.244.2.3')] }),
  service('many', { endpoints: endpoints(...Array.from({ length: 60 }, (_, i) => `10.244.9.${i + 1}`)) }),
  service('none', {}),
  service('outside', { externalName: 'web.default.svc.cluster.local' }),
]

const directory: KubeDirectory = {
  hasNamespace: (name) => name === 'default' || name === 'kube-system',
  service: (namespace, name) => SERVICES.find((s) => s.namespace === namespace && s.name === name) ?? null,
  serviceAt: (address) => SERVICES.find((s) => s.addresses.some((own) => keyOf(own) === keyOf(address))) ?? null,
  endpointsAt: (address) =>
    SERVICES.flatMap((s) =>
      s.endpoints.filter((e) => keyOf(e.address) === keyOf(address)).map((endpoint) => ({ service: s, endpoint })),
    ),
}

const zone = new KubeZone(directory, 1_767_225_600)
const DOMAIN = 'cluster.local'

function ask(name: string, type: keyof typeof RECORD_TYPE): DnsMessage {
  const question = { name, type: RECORD_TYPE[type], class: IN }
  const flags = { authoritative: false, truncated: false, recursionAvailable: false, authenticData: false }
  const rest = { opcode: 0, rcode: 0, recursionDesired: true, checkingDisabled: false, response: false }
  const sections = { questions: [question], answers: [], authorities: [], additionals: [] }
  return reply({ id: 1, ...flags, ...rest, ...sections }, [zone], new Rng(1))
}

const answers = (name: string, type: keyof typeof RECORD_TYPE): string[] => ask(name, type).answers.map(recordText)

describe('the cluster zone (kubernetes/dns specification)', () => {
  it('2.3: a Service with a ClusterIP', () => {
    const message = ask(`web.default.svc.${DOMAIN}`, 'A')
    expect(message).toMatchObject({ response: true, authoritative: true, rcode: RCODE.noError })
    expect(message.answers).toEqual([
      { name: `web.default.svc.${DOMAIN}`, ttl: 30, type: 'A', address: at('10.96.0.80') },
    ])
    expect(answers(`web.default.svc.${DOMAIN}`, 'AAAA')).toEqual(['fd00:96::80'])
    expect(answers(`WEB.Default.svc.${DOMAIN}`, 'A')).toEqual(['10.96.0.80'])
    const srv = ask(`_http._tcp.web.default.svc.${DOMAIN}`, 'SRV')
    expect(srv.answers.map(recordText)).toEqual([`0 100 80 web.default.svc.${DOMAIN}.`])
    expect(srv.additionals.map(recordText)).toEqual(['10.96.0.80', 'fd00:96::80'])
    expect(answers(arpaOf(at('10.96.0.80')), 'PTR')).toEqual([`web.default.svc.${DOMAIN}.`])
    expect(answers(arpaOf(at('fd00:96::80')), 'PTR')).toEqual([`web.default.svc.${DOMAIN}.`])
  })

  it('2.4: a headless Service, its endpoints by hostname or address, in random order', () => {
    expect(answers(`db.default.svc.${DOMAIN}`, 'A').sort()).toEqual(['10.244.1.3', '10.244.2.3'])
    expect(answers(`db-0.db.default.svc.${DOMAIN}`, 'A')).toEqual(['10.244.1.3'])
    expect(answers(`10-244-2-3.db.default.svc.${DOMAIN}`, 'A')).toEqual(['10.244.2.3'])
    expect(answers(`10-244-2-2.web.default.svc.${DOMAIN}`, 'A')).toEqual(['10.244.2.2'])
    expect(answers(`_http._tcp.db.default.svc.${DOMAIN}`, 'SRV')).toEqual([
      `0 50 80 db-0.db.default.svc.${DOMAIN}.`,
      `0 50 80 10-244-2-3.db.default.svc.${DOMAIN}.`,
    ])
    expect(answers(arpaOf(at('10.244.1.3')), 'PTR')).toEqual([`db-0.db.default.svc.${DOMAIN}.`])
    const orders = new Set(
      Array.from({ length: 20 }, (_, seed) => {
        const { questions } = ask(`many.default.svc.${DOMAIN}`, 'A')
        const message = ask(`many.default.svc.${DOMAIN}`, 'A')
        return reply({ ...message, response: false, questions }, [zone], new Rng(seed))
          .answers.map(recordText)
          .join()
      }),
    )
    expect(orders.size).toBeGreaterThan(10)
  })

  it('2.5: ExternalName, followed where the target is known here', () => {
    expect(answers(`outside.default.svc.${DOMAIN}`, 'A')).toEqual([`web.default.svc.${DOMAIN}.`, '10.96.0.80'])
  })

  it('pods by address, unverified, in a namespace that exists', () => {
    expect(answers(`10-1-2-3.default.pod.${DOMAIN}`, 'A')).toEqual(['10.1.2.3'])
    expect(answers(`fd00--7.default.pod.${DOMAIN}`, 'AAAA')).toEqual(['fd00::7'])
    expect(ask(`10-1-2-3.nowhere.pod.${DOMAIN}`, 'A').rcode).toBe(RCODE.nameError)
  })

  it.each([
    [`nothing.default.svc.${DOMAIN}`, 'A', RCODE.nameError],
    [`none.default.svc.${DOMAIN}`, 'A', RCODE.nameError],
    [`web.nowhere.svc.${DOMAIN}`, 'A', RCODE.nameError],
    [`_https._tcp.web.default.svc.${DOMAIN}`, 'SRV', RCODE.nameError],
    [`web.default.${DOMAIN}`, 'A', RCODE.nameError],
    [`a.b.c.web.default.svc.${DOMAIN}`, 'A', RCODE.nameError],
    [`direct.default.svc.${DOMAIN}`, 'AAAA', RCODE.noError],
    [`default.svc.${DOMAIN}`, 'A', RCODE.noError],
    [`svc.${DOMAIN}`, 'A', RCODE.noError],
    [DOMAIN, 'A', RCODE.noError],
  ] as const)('%s %s: no answer, but the SOA (RFC 2308)', (name, type, rcode) => {
    const message = ask(name, type)
    expect(message.rcode).toBe(rcode)
    expect(message.answers).toEqual([])
    expect(message.authorities).toMatchObject([{ name: DOMAIN, type: 'SOA', minimum: 30, ttl: 30 }])
  })

  it('2.2: the version; and what is no business of the cluster fails, for nobody answers upstream', () => {
    expect(ask(`dns-version.${DOMAIN}`, 'TXT').answers).toHaveLength(1)
    expect(ask('example.com', 'A').rcode).toBe(RCODE.serverFailure)
    expect(ask(arpaOf(at('8.8.8.8')), 'PTR').rcode).toBe(RCODE.serverFailure)
  })
})

describe('resolv.conf', () => {
  it('as the kubelet writes it, and as it is read', () => {
    const conf = clusterFirst([at('10.96.0.10')], 'default')
    expect(conf.search).toEqual(['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'])
    expect(conf).toMatchObject({ ndots: 5, attempts: 2, timeout: 5 * SECOND })
    const text =
      '# c\nsearch a.b c\nnameserver 10.96.0.10\nnameserver nonsense\noptions ndots:99 timeout:1 attempts:3 x\n'
    expect(parseResolvConf(text)).toEqual({
      nameservers: [at('10.96.0.10')],
      search: ['a.b', 'c'],
      ndots: 15,
      timeout: SECOND,
      attempts: 3,
    })
  })

  it('ndots says whether a name is tried as it is first', () => {
    const conf = { ...clusterFirst([], 'ns'), search: ['s1', 's2'] }
    expect(candidates('web', conf)).toEqual(['web.s1', 'web.s2', 'web'])
    expect(candidates('a.b.c.d.e.f', conf)).toEqual(['a.b.c.d.e.f', 'a.b.c.d.e.f.s1', 'a.b.c.d.e.f.s2'])
    expect(candidates('web.', conf)).toEqual(['web'])
  })
})

/** A lab with CoreDNS on pod 2-1, and a process on pod 1-1 that uses it. */
function lab(conf: Partial<ResolvConf> = {}) {
  const net = new AppLab()
  coredns(net.process(2, 1, 'coredns'), [zone])
  const names = (context: PodContext) =>
    new Resolver(context, { ...clusterFirst([at('10.244.2.2')], 'default'), ...conf })
  return { net, client: net.process(1, 1, 'client', names) }
}

function resolve({ net, client }: ReturnType<typeof lab>, name: string, family: 4 | 6 | null = null): Resolution {
  let result: Resolution | null = null
  net.run(client, function* (context) {
    result = yield* context.names.resolve(name, family)
    return 0
  })
  return result!
}

const found = (result: Resolution): string[] =>
  result.kind === 'found' ? result.addresses.map(formatAddress) : [result.kind]
const queries = ({ net }: ReturnType<typeof lab>): string[] =>
  net.lab.steps().flatMap(({ event }) => (event.kind === 'dns-query' ? [`${event.name} ${event.type}`] : []))

describe('the resolver, against CoreDNS over the network', () => {
  it('asks for A and AAAA at once, and takes the first name of the search list that exists', () => {
    const cluster = lab()
    expect(found(resolve(cluster, 'direct'))).toEqual(['10.244.2.2'])
    expect(queries(cluster)).toEqual(['direct.default.svc.cluster.local A', 'direct.default.svc.cluster.local AAAA'])
    const steps = cluster.net.lab.steps().filter(({ event }) => event.kind === 'dns-query')
    expect(steps[0].at).toBe(steps[1].at)
  })

  it('goes through the search list in order for a name with a namespace', () => {
    const cluster = lab()
    expect(found(resolve(cluster, 'web.default', 4))).toEqual(['10.96.0.80'])
    expect(queries(cluster)).toEqual(['web.default.default.svc.cluster.local A', 'web.default.svc.cluster.local A'])
  })

  it('a name nobody has is unknown; one the server cannot answer is unavailable', () => {
    const cluster = lab()
    expect(resolve(cluster, 'nothing').kind).toBe('unavailable')
    expect(queries(cluster).filter((query) => query === 'nothing A')).toHaveLength(2)
    expect(resolve(lab({ search: [] }), `nothing.${DOMAIN}.`).kind).toBe('unknown')
  })

  it('a truncated answer is fetched over TCP (RFC 7766)', () => {
    const cluster = lab()
    expect(found(resolve(cluster, 'many', 4))).toHaveLength(60)
    const states = cluster.net.lab.steps().filter(({ event }) => event.kind === 'tcp-state')
    expect(states.length).toBeGreaterThan(0)
  })

  it('an alias is followed', () => {
    expect(found(resolve(lab(), 'outside', 4))).toEqual(['10.96.0.80'])
  })

  it('silence: five seconds a try, two tries, and the next server in between', () => {
    const cluster = lab({ nameservers: [at('10.244.2.3'), at('10.244.2.2')], search: [] })
    cluster.net.lab.pod(2, 2).namespace.transport = { receive: () => 'delivered', error: () => {} }
    expect(found(resolve(cluster, `direct.default.svc.${DOMAIN}.`))).toEqual(['10.244.2.2'])
    const { simulation } = cluster.net.lab.kernel
    expect(Math.floor(simulation.now / SECOND)).toBe(5)
    const silent = lab({ nameservers: [at('10.244.2.3')], search: [] })
    silent.net.lab.pod(2, 2).namespace.transport = { receive: () => 'delivered', error: () => {} }
    expect(resolve(silent, 'direct.').kind).toBe('unavailable')
    expect(Math.floor(silent.net.lab.kernel.simulation.now / SECOND)).toBe(10)
  })

  it('a closed port sends it to the next server at once', () => {
    const cluster = lab({ nameservers: [at('10.244.2.3'), at('10.244.2.2')] })
    expect(found(resolve(cluster, 'direct'))).toEqual(['10.244.2.2'])
    expect(cluster.net.lab.kernel.simulation.now).toBeLessThan(SECOND)
  })

  it('curl of a Service name: the connection follows from the answer, the answer from the question', () => {
    const { net, client } = lab()
    const server = net.process(2, 1, 'http-server')
    serveHttp(server, { port: 80, respond: echoPage(server) })
    const { code, output } = net.run(client, curl('http://direct/'))
    expect([code, output[0]]).toEqual([0, `Hostname: ${server.hostname}`])
    const steps = net.lab.steps()
    const syn = steps.find(({ event }) => event.kind === 'tcp-state')!
    const chain: string[] = []
    for (
      let step: typeof syn | undefined = syn;
      step !== undefined;
      step = steps.find(({ id }) => id === step!.cause)
    ) {
      chain.push(step.event.kind)
    }
    expect(chain).toEqual(expect.arrayContaining(['dns-answer', 'deliver', 'transmit', 'dns-query', 'program']))
  })
})
