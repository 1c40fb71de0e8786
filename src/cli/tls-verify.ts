import { isIP } from 'node:net'
import { type Command, Option } from 'commander'
import { certificate as messages } from '../explain/messages/en-certificate.ts'
import type { ChainFile } from '../host/chain-file.ts'
import { PASSWORD_SOURCES } from '../host/password.ts'
import type { CertificateVerdict } from '../trace/steps/cert.ts'
import { EXIT } from './exit.ts'
import { print, printJson } from './output.ts'
import { repeated, time } from './parse.ts'
import { tlsGroup } from './tls.ts'

interface Options {
  readonly roots: readonly string[]
  readonly chain: string
  readonly secret?: string
  readonly password?: string
  readonly name?: string
  readonly at?: number
  readonly purpose: 'server' | 'client'
  readonly crl?: readonly string[]
  readonly ocsp?: readonly string[]
  readonly known?: readonly string[]
  readonly output: 'text' | 'json'
}

/** `podwire tls verify --roots R --chain C`: the certificate judge. Exit 1 when the chain is not to be trusted. */
export function addTlsVerify(program: Command): void {
  tlsGroup(program)
    .command('verify')
    .description('judge a certificate chain, saying why: RFC 5280 for the path, RFC 9525 for the name')
    .requiredOption('--roots <file>', 'trusted certificates, PEM or DER (repeatable)', repeated)
    .requiredOption('--chain <file>', 'what the peer sends, the leaf first: PEM, DER, PKCS#12 or a Secret')
    .option('--secret <name>', 'which Secret, where the file holds several: NAME or NAMESPACE/NAME')
    .option('--password <source>', `the password of the PKCS#12 file: ${PASSWORD_SOURCES}`)
    .option('--name <name>', 'host name, address or SPIFFE ID that the leaf must have')
    .option('--at <time>', 'time of judgement, RFC 3339 or a date (default: now)', time)
    .addOption(
      new Option('--purpose <purpose>', 'what the leaf is used as').choices(['server', 'client']).default('server'),
    )
    .option('--crl <file>', 'revocation list, PEM or DER (repeatable)', repeated)
    .option('--ocsp <file>', 'OCSP response, DER (repeatable)', repeated)
    .option(
      '--known <file>',
      'certificates that exist and are not sent, to name a forgotten one (repeatable)',
      repeated,
    )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExamples:\n  podwire tls verify --roots ca.crt --chain tls.crt --name web.default.svc\n' +
        '  podwire tls verify --roots ca.crt --chain tls.crt --name web --at 2027-01-01 -o json\n' +
        '  kubectl get secret web-tls -o yaml | podwire tls verify --roots ca.crt --chain - --name web.default.svc\n' +
        '  podwire tls verify --roots ca.crt --chain web.p12 --password file:password.txt --name web',
    )
    .action(verify)
}

/** What shows the same elsewhere. */
function opensslCommand(at: number, { roots, chain, name, purpose, crl = [] }: Omit<Options, 'output'>): string {
  const host = name !== undefined && isIP(name) !== 0 ? '-verify_ip' : '-verify_hostname'
  const words = [
    'openssl verify -partial_chain -auth_level 2',
    ...roots.map((file) => `-trusted ${quoted(file)}`),
    `-untrusted ${quoted(chain)} -purpose ssl${purpose} -attime ${Math.floor(at / 1000)}`,
    ...(name === undefined ? [] : [`${host} ${quoted(name)}`]),
    ...crl.map((file) => `-crl_check -CRLfile ${quoted(file)}`),
    quoted(chain),
  ]
  return `${messages.heading.same}  ${words.join(' ')}`
}

/** Which Secret it was, and what its key is worth: neither is seen in a chain. */
function origin({ object, key }: ChainFile, { errors }: CertificateVerdict): string[] {
  const fits = key !== null && !errors.some(({ code }) => code === 'key-mismatch')
  return object === undefined ? [] : ['', messages.from(object, fits)]
}

const quoted = (word: string): string => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

// The judge is loaded when it is asked: it brings all of pki with it.
async function verify({ roots, chain, name, purpose, output, ...more }: Options): Promise<void> {
  const { judge } = await import('../pki/path/judge.ts')
  const { loadCertificates, loadCrls } = await import('../pki/load/load.ts')
  const { parseOcspResponse } = await import('../pki/x509/ocsp.ts')
  const { loadChain } = await import('../host/chain-file.ts')
  const { lazyPassword } = await import('../host/password.ts')
  const { loadFile } = await import('../host/certificate-files.ts')
  const { certificateText } = await import('../explain/text/certificate.ts')
  const all = <T>(files: readonly string[] | undefined, load: (bytes: Uint8Array) => readonly T[]): T[] =>
    (files ?? []).flatMap((file) => loadFile(file, load))
  const at = more.at ?? Date.now()
  const password = lazyPassword(more.password)
  const given = loadFile(chain, (bytes) => loadChain(bytes, { file: chain, password, secret: more.secret }))
  const { verdict, events } = judge({
    roots: all(roots, loadCertificates),
    chain: given.certificates,
    ...(given.key === null ? {} : { key: given.key }),
    at,
    purpose,
    ...(name === undefined ? {} : { name }),
    crls: all(more.crl, loadCrls),
    ocsp: all(more.ocsp, (bytes) => [parseOcspResponse(bytes)]),
    known: all(more.known, loadCertificates),
  })
  if (output === 'json')
    printJson('CertificateVerdict', { at: new Date(at).toISOString(), purpose, name, object: given.object, ...verdict })
  else {
    // openssl verify knows neither Secrets nor OCSP responses nor names that are URIs.
    const opensslReads =
      chain !== '-' && ['pem', 'der'].includes(given.form) && more.ocsp === undefined && !name?.includes('://')
    const same = opensslReads ? ['', opensslCommand(at, { roots, chain, name, purpose, ...more })] : []
    print([...certificateText(events), ...origin(given, verdict), ...same])
  }
  process.exitCode = verdict.ok ? EXIT.ok : EXIT.failed
}
