import { createPrivateKey } from 'node:crypto'
import { Malformed } from '../../util/malformed.ts'
import { TAG } from '../der/read.ts'
import { type PrivateKey, parsePkcs1, parsePkcs8, parseSec1 } from '../private-key.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { isPem, type PemBlock, parsePem } from './pem.ts'

/** A PEM file of certificates in its order, or one in DER. Throws `Malformed`, also when there is none. */
export function loadCertificates(bytes: Uint8Array): readonly Certificate[] {
  return loadAll(bytes, ['CERTIFICATE', 'X509 CERTIFICATE'], 'certificate', parseCertificate)
}

/** PEM or DER. Throws `Malformed`, also when there is none. */
export function loadCrls(bytes: Uint8Array): readonly Crl[] {
  return loadAll(bytes, ['X509 CRL'], 'crl', parseCrl)
}

/**
 * PKCS#8 (also encrypted), SEC1 or PKCS#1, PEM or DER; in PEM the first private key counts. Throws `Malformed`: for a password
 * that is missing or wrong too.
 */
export function loadPrivateKey(bytes: Uint8Array, password?: string): PrivateKey {
  if (!isPem(bytes)) return fromDer(bytes)
  const blocks = parsePem(bytes)
  for (const block of blocks) {
    switch (block.label) {
      case 'PRIVATE KEY':
        return within(block, parsePkcs8)
      case 'EC PRIVATE KEY':
        return within(block, parseSec1)
      case 'RSA PRIVATE KEY':
        return within(block, parsePkcs1)
      case 'ENCRYPTED PRIVATE KEY':
        return within(block, (der) => decrypt(der, password))
    }
  }
  throw new Malformed('pem', 'file', 'a private key', blocks.map((b) => b.label).join(', ') || 'no block', 0)
}

function loadAll<T>(
  bytes: Uint8Array,
  labels: readonly string[],
  what: string,
  parse: (der: Uint8Array) => T,
): readonly T[] {
  if (!isPem(bytes) && bytes[0] !== TAG.sequence)
    throw new Malformed('pem', 'file', `a ${what} in PEM or DER`, 'neither', 0)
  if (!isPem(bytes)) return [parse(bytes)]
  const blocks = parsePem(bytes)
  const found = blocks.filter((block) => labels.includes(block.label))
  if (found.length === 0) throw new Malformed('pem', 'file', `a ${what}`, blocks.map((b) => b.label).join(', '), 0)
  return found.map((block) => within(block, parse))
}

/** A malformed structure inside a PEM file: `offset` counts in its DER, `block` says where in the file that stands. */
export class MalformedBlock extends Malformed {
  constructor(
    error: Malformed,
    readonly block: PemBlock,
  ) {
    super(error.protocol, error.field, error.expected, error.got, error.offset)
    this.message = `${error.message} (in the ${block.label} at byte ${block.offset} of the file)`
  }
}

function within<T>(block: PemBlock, parse: (der: Uint8Array) => T): T {
  try {
    return parse(block.der)
  } catch (error) {
    throw error instanceof Malformed ? new MalformedBlock(error, block) : error
  }
}

/** The first integer tells them apart: version 0 then an INTEGER is PKCS#1, version 1 is SEC1. */
function fromDer(der: Uint8Array): PrivateKey {
  const attempts = [parsePkcs8, parseSec1, parsePkcs1]
  let furthest: Malformed | null = null
  for (const parse of attempts) {
    try {
      return parse(der)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      // The form whose grammar fitted longest is the one that was meant.
      if (furthest === null || error.offset > furthest.offset) furthest = error
    }
  }
  throw furthest
}

function decrypt(der: Uint8Array, password: string | undefined): PrivateKey {
  if (password === undefined) throw new Malformed('pkcs8', 'encryptedPrivateKeyInfo', 'a password', 'none', 0)
  try {
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8', passphrase: password })
    return parsePkcs8(key.export({ format: 'der', type: 'pkcs8' }))
  } catch (error) {
    if (error instanceof Malformed) throw error
    throw new Malformed('pkcs8', 'encryptedPrivateKeyInfo', 'the password that it was encrypted with', 'another', 0)
  }
}
