import { describe, expect, test } from 'vitest'
import {
  BAD_IPS,
  canonicalNft,
  nftBase,
  repeatedSyncs,
  stages,
  vector,
} from '../../../../../test/support/kube-proxy-dumps.ts'
import { FakeNode } from '../../../../../test/support/netfilter.ts'
import { modelOf, NODE, OPTIONS, overall, service, slice } from '../../../../../test/support/services.ts'
import { nftScript } from '../../../../export/nftables.ts'
import { load } from '../../../../scenario/load/load.ts'
import { address } from '../../../../util/address.ts'
import { prefix } from '../../../../util/prefix.ts'
import { explainService } from '../explain.ts'
import { ServiceModel } from '../model.ts'
import { endpointName, serviceName } from './names.ts'
import { NftablesProxy } from './proxy.ts'

const TESTED = { ...OPTIONS, serviceCIDRs: [prefix('172.30.0.0/16')] }
/** kube-proxy's tests compare sorted too: a transaction has no order but that of rules within a chain. */
const ours = (model: ServiceModel): string =>
  canonicalNft(nftScript(new NftablesProxy(model, TESTED).table(NODE, 4), 4))
const theirs = (text: string): string => canonicalNft(nftBase() + text)

describe("kube-proxy's own expectations", () => {
  test('TestOverallNFTablesRules', () => {
    expect(ours(overall())).toBe(canonicalNft(vector('overall.nft')))
  })

  test('TestSyncProxyRulesRepeated', () => {
    const model = new ServiceModel()
    const proxy = new NftablesProxy(model, TESTED)
    const third = (addresses: readonly string[]): void =>
      model.setSlice(slice('ns3/svc3', [{ name: 'p80', port: 80 }], addresses))
    const doing: Readonly<Record<string, () => void>> = {
      ...repeatedSyncs(model),
      'no endpoint left': () => third([]),
      'the endpoints back': () => third(['10.0.3.2', '10.0.3.3']),
    }
    const syncs = stages('repeated.nft')
    expect(syncs.map(({ title }) => title)).toEqual(Object.keys(doing))
    for (const { title, text } of syncs) {
      doing[title]()
      expect(canonicalNft(nftScript(proxy.table(NODE, 4), 4)), title).toBe(theirs(text))
    }
  })

  test('TestSyncProxyRulesStartup', () => {
    const model = modelOf(
      [
        service('ns1/svc1', '172.30.0.41', { ports: [{ port: 80 }] }),
        service('ns2/svc2', '172.30.0.42', { ports: [{ name: 'p8080', port: 8080 }] }),
        service('ns3/svc3', '172.30.0.43', { ports: [{ port: 80 }] }),
      ],
      [
        slice('ns1/svc1', [{ port: 80 }], ['10.0.1.1', '10.0.1.2']),
        slice('ns2/svc2', [{ name: 'p8080', port: 8080 }], ['10.0.2.1']),
      ],
    )
    expect(ours(model)).toBe(theirs(vector('startup.nft')))
  })

  test('TestBadIPs', () => {
    const { services, slices } = load([{ name: 'bad.yaml', text: BAD_IPS }])
    expect(ours(modelOf(services, slices))).toBe(theirs(vector('bad-ips.nft')))
  })

  const LONG = [
    'very-long-namespace-name-abcdefghijklmnopqrstuvwxyz0123456789xx',
    'very-long-service-name-why-would-you-even-do-this-i-mean-really',
    'port-443-providing-the-hypertext-transmission-protocol-with-tls',
  ] as const
  const infoOf = (
    namespace: string,
    name: string,
    portName: string,
    protocol: 'tcp' | 'sctp',
  ): Parameters<typeof serviceName>[0] => ({
    name: `${namespace}/${name}:${portName}`,
    portName,
    protocol,
  })

  test.each([
    [infoOf('testing', 'service', 'http', 'tcp'), 'P4ZYZVCF-testing/service/tcp/http'],
    [infoOf('testing', 'service', 'https', 'tcp'), 'LZBRENCP-testing/service/tcp/https'],
    [infoOf(...LONG, 'sctp'), `KR6NACJP-${LONG[0]}/${LONG[1]}/sctp/${LONG[2]}`],
  ])('Test_servicePortChainNameBase, %#', (info, expected) => {
    expect(serviceName(info)).toBe(expected)
  })

  test.each([
    [
      infoOf('testing', 'service', 'http', 'tcp'),
      '10.180.0.1:80',
      80,
      'JO2XBXZR-testing/service/tcp/http__10.180.0.1/80',
    ],
    [
      infoOf('testing', 'service', 'http', 'tcp'),
      '10.180.0.2:80',
      80,
      '5S6H3H22-testing/service/tcp/http__10.180.0.2/80',
    ],
    [
      infoOf('testing', 'service', 'http', 'tcp'),
      '[fd80:abcd:12::a1b2:c3d4:e5f6:9999]:80',
      80,
      'U7E2ET36-testing/service/tcp/http__fd80.abcd.12..a1b2.c3d4.e5f6.9999/80',
    ],
    [
      infoOf(...LONG, 'sctp'),
      '[1234:5678:9abc:def0::abc:1234]:443',
      443,
      `5YS7AFEA-${LONG[0]}/${LONG[1]}/sctp/${LONG[2]}__1234.5678.9abc.def0..abc.1234/443`,
    ],
    [
      infoOf(...LONG, 'sctp'),
      '[1234:5678:9abc:def0::abcd:1234:5678]:443',
      443,
      `CI6C53Q3-${LONG[0]}/${LONG[1]}/sctp/${LONG[2]}__1234.5678.9abc.def0..abcd.1234...`,
    ],
    [
      infoOf(...LONG, 'sctp'),
      '[1234:5678:9abc:def0::abcd:1234:8765]:443',
      443,
      `2FLXFK6X-${LONG[0]}/${LONG[1]}/sctp/${LONG[2]}__1234.5678.9abc.def0..abcd.1234...`,
    ],
  ])('Test_servicePortEndpointChainNameBase, %#', (info, text, port, expected) => {
    expect(endpointName(info, { text, port })).toBe(expected)
  })
})

describe('what only this mode does', () => {
  const table = new NftablesProxy(
    modelOf(
      [service('ns1/svc1', '172.30.0.41', { type: 'NodePort', ports: [{ port: 80, nodePort: 3001 }] })],
      [slice('ns1/svc1', [{ port: 80 }], ['10.180.0.1'])],
    ),
    TESTED,
  ).table(NODE, 4)
  const node = new FakeNode({}, { '192.168.0.2': 'eth0', '192.168.1.2': 'eth0' })
  const ask = (to: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): string =>
    explainService(
      {},
      { source: address('10.0.0.2'), destination: address(to), port, protocol, input: node.cni0 },
      node.stack,
      [table],
    ).verdict

  test.each([
    ['another port of a cluster address is rejected', '172.30.0.41', 81, 'tcp', 'REJECT'],
    ['another protocol too', '172.30.0.41', 80, 'udp', 'REJECT'],
    ['an address that no Service has is dropped', '172.30.0.50', 80, 'tcp', 'DROP'],
    ["NodePorts are on the node's first address", '192.168.0.2', 3001, 'tcp', 'DNAT'],
    ['and not on the others', '192.168.1.2', 3001, 'tcp', 'ACCEPT'],
  ] as const)('%s', (_what, to, port, protocol, verdict) => {
    expect(ask(to, port, protocol)).toBe(verdict)
  })
})
