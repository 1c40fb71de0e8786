import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suiteNamed } from '../../../src/tls/suite.ts'
import { has } from '../requirements.ts'
import { notApart, serveApart } from './apart.ts'
import { type Cell, type PeerName, peerOf } from './cells.ts'
import { type Material, NAME } from './material.ts'
import { gnutlsPriority, opensslGroups, opensslSuite } from './names.ts'
import { nssClient, nssServer } from './nss.ts'
import { type Listening, opensslServer, Program, type Transfer } from './process.ts'

export const ALPN = 'http/1.1'
const NODE_PEER = join(import.meta.dirname, 'node-peer.mjs')
const NODE24 = process.env.PODWIRE_NODE24 ?? join(import.meta.dirname, '../../../node_modules/node/bin/node')

/** Why a peer is not here; null when it is. */
export function absent(peer: PeerName): string | null {
  switch (peer) {
    case 'openssl':
    case 'curl':
      return has(peer) ? null : `${peer} is not installed`
    case 'gnutls':
      return has('gnutls-cli') && has('gnutls-serv') ? notApart() : 'gnutls-bin is not installed'
    case 'nss':
      return has('tstclnt') && has('selfserv') && has('pk12util') ? notApart() : 'libnss3-tools is not installed'
    case 'node':
      return null
    case 'node24':
      return existsSync(NODE24) ? null : 'no Node 24 (npm i --no-save node@24, or PODWIRE_NODE24=PATH)'
  }
}

/** The peer as a server that sends back each line reversed (GnuTLS: unchanged, or a file over HTTP). */
export async function listen(cell: Cell, material: Material, file: string | null = null): Promise<Listening> {
  switch (peerOf(cell)) {
    case 'openssl':
      return opensslServer(opensslServing(cell, material))
    case 'gnutls': {
      const serves = file === null ? ['--echo'] : ['--http', `--httpdata=${file}`]
      const args = [...serves, ...gnutlsServer(cell, material)]
      const ready = /Server listening on IPv4.*done/
      return serveApart('gnutls-serv', (port) => [`--port=${port}`, ...args], material.path('gnutls.sock'), ready)
    }
    case 'nss':
      return nssServer(cell, material)
    case 'node':
    case 'node24': {
      const program = nodePeer(cell, {
        ...nodeOptions(cell, material, 'server'),
        verify: cell.clientCertificate === 'yes',
      })
      const [, port] = await program.until(/"port":(\d+)/)
      return { port: Number(port), program }
    }
    case 'curl':
      throw new Error('curl is a client only')
  }
}

/** The peer as a client that says `hello`; `visit` is which of two connections this is. Its program may do both. */
export function call(
  cell: Cell,
  material: Material,
  port: number,
  visit: number,
  bulk: Transfer | null = null,
): Program {
  switch (peerOf(cell)) {
    case 'openssl': {
      const args = ['s_client', '-connect', `127.0.0.1:${port}`, ...opensslClient(cell, material, visit)]
      return new Program('openssl', args, bulk)
    }
    case 'gnutls':
      return new Program('gnutls-cli', [`--port=${port}`, ...gnutlsClient(cell, material), '127.0.0.1'], bulk)
    case 'nss':
      return nssClient(cell, material, port, bulk)
    case 'node':
    case 'node24':
      return nodePeer(cell, {
        ...nodeOptions(cell, material, 'client'),
        port,
        name: NAME,
        resume: cell.resume === 'yes',
        bulk,
      })
    case 'curl':
      return new Program('curl', [
        ...curlClient(cell, material, port),
        ...(bulk === null ? [] : ['-H', 'Expect:', '-T', bulk.upload, '-o', bulk.download]),
      ])
  }
}

/** Whether one run of the program makes both connections. */
export const resumesItself = (peer: PeerName): boolean => ['node', 'node24', 'gnutls'].includes(peer)

function opensslCommon(cell: Cell): string[] {
  const { version } = suiteNamed(cell.suite)
  const group = ['-groups', opensslGroups(cell)]
  return version === 'TLS 1.3'
    ? ['-tls1_3', '-ciphersuites', cell.suite, ...group]
    : ['-tls1_2', '-cipher', `${opensslSuite(cell.suite)}:@SECLEVEL=0`, ...group]
}

function opensslServing(cell: Cell, material: Material): string[] {
  const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('server', cell.key, what))
  const args = ['-rev', '-cert', cert, '-cert_chain', cert, '-key', key, ...opensslCommon(cell)]
  if (cell.clientCertificate === 'yes') args.push('-Verify', '3', '-CAfile', material.roots, '-verify_return_error')
  if (cell.alpn === 'yes') args.push('-alpn', ALPN)
  return args
}

function opensslClient(cell: Cell, material: Material, visit: number): string[] {
  const args = ['-quiet', '-verify', '3', '-CAfile', material.roots, '-verify_return_error', '-servername', NAME]
  args.push('-verify_hostname', NAME, ...opensslCommon(cell))
  if (cell.clientCertificate === 'yes') {
    const [cert, key] = (['cert', 'key'] as const).map((what) => material.file('client', cell.key, what))
    args.push('-cert', cert, '-cert_chain', cert, '-key', key)
  }
  if (cell.alpn === 'yes') args.push('-alpn', ALPN)
  if (cell.resume === 'yes') args.push(visit === 0 ? '-sess_out' : '-sess_in', material.path('session'))
  return args
}

function gnutlsServer(cell: Cell, material: Material): string[] {
  const args = ['--priority', gnutlsPriority(cell), '--x509certfile', material.file('server', cell.key, 'cert')]
  args.push('--x509keyfile', material.file('server', cell.key, 'key'), '--x509cafile', material.roots)
  if (cell.clientCertificate === 'yes') args.push('--require-client-cert', '--verify-client-cert')
  else args.push('--disable-client-cert')
  if (cell.alpn === 'yes') args.push('--alpn', ALPN)
  return args
}

function gnutlsClient(cell: Cell, material: Material): string[] {
  const args = ['--priority', gnutlsPriority(cell), '--x509cafile', material.roots, '--sni-hostname', NAME]
  args.push('--verify-hostname', NAME, '--logfile', material.path('gnutls.log'))
  if (cell.clientCertificate === 'yes') {
    args.push('--x509certfile', material.file('client', cell.key, 'cert'))
    args.push('--x509keyfile', material.file('client', cell.key, 'key'))
  }
  if (cell.alpn === 'yes') args.push('--alpn', ALPN)
  if (cell.resume === 'yes') args.push('--resume', '--waitresumption')
  return args
}

function curlClient(cell: Cell, material: Material, port: number): string[] {
  const { version } = suiteNamed(cell.suite)
  const args = ['-sS', '--cacert', material.roots, '--connect-to', `${NAME}:443:127.0.0.1:${port}`, '--max-time', '60']
  args.push('--curves', opensslGroups(cell), cell.alpn === 'yes' ? '--http1.1' : '--no-alpn')
  if (version === 'TLS 1.3') args.push('--tlsv1.3', '--tls13-ciphers', cell.suite)
  else args.push('--tlsv1.2', '--tls-max', '1.2', '--ciphers', `${opensslSuite(cell.suite)}:@SECLEVEL=0`)
  if (cell.clientCertificate === 'yes') {
    args.push('--cert', material.file('client', cell.key, 'cert'), '--key', material.file('client', cell.key, 'key'))
  }
  return [...args, `https://${NAME}/hello`]
}

function nodeOptions(cell: Cell, material: Material, role: 'client' | 'server'): Record<string, unknown> {
  const { version } = suiteNamed(cell.suite)
  const shows = role === 'server' || cell.clientCertificate === 'yes'
  return {
    role,
    version: version === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: version === 'TLS 1.3' ? cell.suite : `${opensslSuite(cell.suite)}:@SECLEVEL=0`,
    groups: opensslGroups(cell),
    roots: material.roots,
    alpn: cell.alpn === 'yes' ? ALPN : null,
    ...(shows ? { cert: material.file(role, cell.key, 'cert'), key: material.file(role, cell.key, 'key') } : {}),
  }
}

const nodePeer = (cell: Cell, options: Record<string, unknown>): Program =>
  new Program(peerOf(cell) === 'node24' ? NODE24 : process.execPath, [NODE_PEER, JSON.stringify(options)])
