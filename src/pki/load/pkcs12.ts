import forge from 'node-forge'
import { Malformed } from '../../util/malformed.ts'
import { TAG } from '../der/read.ts'
import { encode } from '../der/write.ts'
import { keyMismatch } from '../match-key.ts'
import { type PrivateKey, parsePkcs1, parsePkcs8 } from '../private-key.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'

export interface Pkcs12 {
  /** Null for a store of certificates alone (a trust store). */
  readonly key: PrivateKey | null
  /** The key's certificate first, when there is a key; then the others as they stand. */
  readonly certificates: readonly Certificate[]
}

/** PFX begins with version 3, a certificate with another SEQUENCE. */
export function isPkcs12(bytes: Uint8Array): boolean {
  if (bytes[0] !== TAG.sequence || bytes.length < 2) return false
  const at = bytes[1] > 0x80 ? 2 + (bytes[1] & 0x7f) : 2
  return bytes[at] === 2 && bytes[at + 1] === 1 && bytes[at + 2] === 3
}

/** PKCS#12 (RFC 7292) through node-forge: PBES2 with AES and the old 3DES and RC2. Throws `Malformed`. At most 1 MiB. */
export function loadPkcs12(bytes: Uint8Array, password: string): Pkcs12 {
  if (bytes.length > 1 << 20) throw new Malformed('pkcs12', 'pfx', 'at most 1 MiB', bytes.length, 0)
  const bags = open(bytes, password).safeContents.flatMap((contents) => contents.safeBags)
  const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids
  const keys = bags.filter((bag) => bag.type === keyBag || bag.type === pkcs8ShroudedKeyBag).map(keyOf)
  const certificates = bags.filter((bag) => bag.type === certBag).map(certificateOf)
  if (keys.length > 1) throw new Malformed('pkcs12', 'safeBags', 'at most one private key', keys.length, 0)
  const key = keys[0] ?? null
  const own = key === null ? undefined : certificates.find((certificate) => keyMismatch(certificate, key) === null)
  if (own === undefined) return { key, certificates }
  return { key, certificates: [own, ...certificates.filter((certificate) => certificate !== own)] }
}

function open(bytes: Uint8Array, password: string): forge.pkcs12.Pkcs12Pfx {
  try {
    const pfx = forge.asn1.fromDer(Buffer.from(bytes).toString('latin1'))
    return forge.pkcs12.pkcs12FromAsn1(pfx, true, password)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Malformed('pkcs12', 'pfx', 'a PKCS#12 file and its password', why, 0)
  }
}

/** node-forge decodes what is RSA and hands on the structure of everything else. */
function keyOf(bag: forge.pkcs12.Bag): PrivateKey {
  return bag.key ? parsePkcs1(encode(forge.pki.privateKeyToAsn1(bag.key))) : parsePkcs8(encode(bag.asn1))
}

function certificateOf(bag: forge.pkcs12.Bag): Certificate {
  return parseCertificate(encode(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1))
}
