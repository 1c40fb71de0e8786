import { execFileSync } from 'node:child_process'
import { type Suite, suiteNamed } from '../../../src/tls/suite.ts'
import type { Cell } from './cells.ts'

/** What the others call our suites and groups. */
let openssl: ReadonlyMap<string, string> | null = null

export function opensslSuite(suite: string): string {
  openssl ??= new Map(
    execFileSync('openssl', ['ciphers', '-stdname', '-s', 'ALL:@SECLEVEL=0'], { encoding: 'utf8' })
      .concat(execFileSync('openssl', ['ciphers', '-stdname', 'ALL:@SECLEVEL=0'], { encoding: 'utf8' }))
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([standard, , name]) => [standard, name]),
  )
  const name = openssl.get(suite)
  if (name === undefined) throw new Error(`openssl knows no ${suite}`)
  return name
}

const OPENSSL_GROUPS: Readonly<Record<string, string>> = {
  x25519: 'X25519',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  X25519MLKEM768: 'X25519MLKEM768',
}

/** The cell's group first; in TLS 1.2 the list speaks of certificates too, so their curve has to be in it (RFC 8422 5.1). */
export function groupsOf({ suite, group, key }: Cell): readonly string[] {
  const curve = { 'p-256': 'secp256r1', 'p-384': 'secp384r1', 'rsa-2048': group, 'rsa-3072': group, ed25519: group }[
    key
  ]
  return suiteNamed(suite).version === 'TLS 1.3' || curve === group ? [group] : [group, curve]
}

export const opensslGroups = (cell: Cell): string =>
  groupsOf(cell)
    .map((group) => OPENSSL_GROUPS[group])
    .join(':')

/** A GnuTLS priority string that allows one thing of each kind. */
export function gnutlsPriority(cell: Cell): string {
  const suite = suiteNamed(cell.suite)
  const groups = groupsOf(cell).map((group) => `+GROUP-${group.toUpperCase()}`)
  const parts = [`+VERS-TLS${suite.version.slice(4)}`, `+${cipherOf(suite)}`, `+${macOf(suite)}`, ...groups]
  const exchanges = { ECDHE: `+ECDHE-${suite.auth?.toUpperCase()}`, RSA: '+RSA' }
  if (suite.exchange !== null) parts.push(exchanges[suite.exchange])
  return ['NONE', '+CTYPE-X509', '+COMP-NULL', '+SIGN-ALL', ...parts].join(':')
}

const cipherOf = ({ cipher }: Suite): string => (cipher === 'ChaCha20-Poly1305' ? 'CHACHA20-POLY1305' : cipher)
const macOf = ({ mac }: Suite): string => (mac === null ? 'AEAD' : mac === 'sha1' ? 'SHA1' : 'SHA256')
