/** Keys and signatures: what TLS needs of them. */
export { generateKey, type KeyType } from './generate.ts'
export { type PrivateKey, parsePkcs1, parsePkcs8, parseSec1 } from './private-key.ts'
export { type Curve, type PublicKey, parsePublicKey, publicKeyName } from './public-key.ts'
export { SCHEMES, type SignatureScheme, schemeFits, schemeOf, schemesOf } from './scheme.ts'
export { emulatedSigner, nativeSigner, type SaltSource, type Signer } from './signer.ts'
export { verify } from './verify.ts'
