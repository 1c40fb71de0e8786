import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { suiteNamed } from '../../../src/tls/suite.ts'
import { serveApart } from './apart.ts'
import type { Cell } from './cells.ts'
import { type Material, NAME } from './material.ts'
import { groupsOf } from './names.ts'
import { type Listening, Program, type Transfer } from './process.ts'

/** NSS's own test programs, tstclnt and selfserv (libnss3-tools): they take keys and certificates from a database. */
const GROUPS: Readonly<Record<string, string>> = { x25519: 'x25519', secp256r1: 'P256', secp384r1: 'P384' }
/** What selfserv answers with whatever is asked. */
export const NSS_REQUEST = 'GET / HTTP/1.0\r\n\r\n'

/** A database with the root and, unless `key` is null, one identity: those of one subject would share their nickname. */
function database(material: Material, role: 'server' | 'client', key: Cell['key'] | null): string {
  const folder = material.path(`nss-${role}-${key ?? 'none'}`)
  const db = `sql:${folder}`
  if (existsSync(folder)) return db
  mkdirSync(folder)
  execFileSync('certutil', ['-N', '-d', db, '--empty-password'])
  execFileSync('certutil', ['-A', '-d', db, '-n', 'root', '-t', 'CT,C,C', '-a', '-i', material.roots])
  if (key === null) return db
  const p12 = `${folder}.p12`
  const [cert, keyFile] = (['cert', 'key'] as const).map((what) => material.file(role, key, what))
  const named = ['-name', 'identity', '-passout', 'pass:', '-out', p12]
  execFileSync('openssl', ['pkcs12', '-export', '-in', cert, '-inkey', keyFile, ...named])
  execFileSync('pk12util', ['-i', p12, '-d', db, '-W', ''], { stdio: 'pipe' })
  return db
}

function common(cell: Cell): string[] {
  const { version, code } = suiteNamed(cell.suite)
  const name = version === 'TLS 1.3' ? 'tls1.3' : 'tls1.2'
  const groups = groupsOf(cell).map((group) => GROUPS[group])
  return ['-V', `${name}:${name}`, '-c', `:${code.toString(16).padStart(4, '0')}`, '-I', groups.join(','), '-u']
}

export function nssServer(cell: Cell, material: Material): Promise<Listening> {
  const args = ['-d', database(material, 'server', cell.key), ...common(cell), '-v', '-G']
  args.push(cell.key.startsWith('rsa') ? '-n' : '-e', 'identity')
  if (cell.clientCertificate === 'yes') args.push('-r', '-r')
  if (cell.alpn === 'yes') args.push('-Q')
  const ready = /About to call accept/
  return serveApart('selfserv', (port) => ['-p', String(port), ...args], material.path('nss.sock'), ready)
}

/** Says what it is given, or the file of a transfer. */
export function nssClient(cell: Cell, material: Material, port: number, bulk: Transfer | null): Program {
  const shows = cell.clientCertificate === 'yes'
  const db = database(material, 'client', shows ? cell.key : null)
  const args = ['-4', '-h', '127.0.0.1', '-p', String(port), '-a', NAME, '-d', db, ...common(cell), '-G', '-O']
  if (shows) args.push('-n', 'identity')
  return new Program('tstclnt', args, bulk)
}
