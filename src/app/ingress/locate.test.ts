import { describe, expect, it } from 'vitest'
import type { Location, ProxyConfig, VirtualServer } from './config.ts'
import { hostOf, locate, pathOf, serverFor } from './locate.ts'

const location = (path: string, match: Location['match']): Location => ({
  path,
  match,
  source: null,
  backend: { kind: 'none' },
  redirect: 'never',
  protocol: 'HTTP',
  vhost: null,
})
const prefix = (...paths: string[]): Location[] => paths.map((path) => location(path, 'prefix'))
const exact = (...paths: string[]): Location[] => paths.map((path) => location(path, 'exact'))
const chosen = (locations: Location[], path: string): string | null => {
  const found = locate(locations, path)
  return found === null ? null : `${found.match} ${found.path}`
}

/** The table "Examples" of https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types, row by row. */
const TABLE: readonly [locations: Location[], requests: string[], chosen: string | null][] = [
  [prefix('/'), ['/', '/foo', '/foo/bar/', '/aaa/bbb'], 'prefix /'],
  [exact('/foo'), ['/foo'], 'exact /foo'],
  [exact('/foo'), ['/bar'], null],
  [exact('/foo'), ['/foo/'], null],
  [exact('/foo/'), ['/foo'], null],
  [prefix('/foo'), ['/foo', '/foo/'], 'prefix /foo'],
  [prefix('/foo/'), ['/foo', '/foo/'], 'prefix /foo/'],
  [prefix('/aaa/bb'), ['/aaa/bbb'], null],
  [prefix('/aaa/bbb'), ['/aaa/bbb'], 'prefix /aaa/bbb'],
  [prefix('/aaa/bbb/'), ['/aaa/bbb'], 'prefix /aaa/bbb/'],
  [prefix('/aaa/bbb'), ['/aaa/bbb/'], 'prefix /aaa/bbb'],
  [prefix('/aaa/bbb'), ['/aaa/bbb/ccc'], 'prefix /aaa/bbb'],
  [prefix('/aaa/bbb'), ['/aaa/bbbxyz'], null],
  [prefix('/', '/aaa'), ['/aaa/ccc'], 'prefix /aaa'],
  [prefix('/', '/aaa', '/aaa/bbb'), ['/aaa/bbb'], 'prefix /aaa/bbb'],
  [prefix('/', '/aaa', '/aaa/bbb'), ['/ccc'], 'prefix /'],
  [prefix('/aaa'), ['/ccc'], null],
  [[...prefix('/foo'), ...exact('/foo')], ['/foo'], 'exact /foo'],
]

describe('paths', () => {
  for (const [locations, requests, wanted] of TABLE) {
    const paths = locations.map(({ path, match }) => `${match} ${path}`).join(', ')
    it(`${paths}: ${requests.join(', ')} => ${wanted ?? 'nothing'}`, () => {
      for (const request of requests) {
        expect(chosen(locations, request)).toBe(wanted)
        expect(chosen([...locations].reverse(), request)).toBe(wanted)
      }
    })
  }

  it('are told apart by case', () => {
    expect(chosen(prefix('/Foo'), '/foo')).toBe(null)
    expect(chosen(exact('/Foo'), '/foo')).toBe(null)
  })

  it('are read off a target as NGINX reads them', () => {
    const table: Readonly<Record<string, string | null>> = {
      '/cart?item=/x#y': '/cart',
      'http://shop.example/cart?q': '/cart',
      'http://shop.example': '/',
      '/a%2Fb': '/a/b',
      '/%63art': '/cart',
      '/a//b///c': '/a/b/c',
      '/a/./b/../c': '/a/c',
      '/a/b/..': '/a/',
      '/a/.': '/a/',
      '/..': null,
      '/a/../../etc': null,
      '/%zz': null,
      '*': null,
    }
    for (const [target, path] of Object.entries(table)) expect([target, pathOf(target)]).toEqual([target, path])
  })
})

describe('hosts', () => {
  const server = (host: string): VirtualServer => ({
    host,
    certificate: {
      from: 'none',
      choice: {
        ...{ why: 'no-tls', host, ingress: 'default/a', field: 'spec.tls', secret: '', names: [], elsewhere: '' },
        detail: '',
      },
    },
    passthrough: null,
    locations: [],
  })
  const hosts = ['bar.foo.com', '*.foo.com', 'only.example']
  const config: ProxyConfig = {
    servers: new Map(hosts.map((host) => [host, server(host)])),
    catchAll: server('_'),
    unserved: new Map(),
  }

  /** The table "Hostname wildcards" of the same page, and what it says before it. */
  it.each([
    ['bar.foo.com', 'bar.foo.com'],
    ['qux.foo.com', '*.foo.com'],
    ['baz.bar.foo.com', '_'],
    ['foo.com', '_'],
    ['only.example', 'only.example'],
    ['x.only.example', '_'],
    ['', '_'],
  ])('%s is served by %s', (host, wanted) => {
    expect(serverFor(config, host).host).toBe(wanted)
  })

  it('compare without regard to case, port or a trailing dot', () => {
    expect(hostOf('Shop.Example:8443')).toBe('shop.example')
    expect(hostOf('shop.example.')).toBe('shop.example')
    expect(hostOf('192.168.56.11')).toBe('192.168.56.11')
  })
})
