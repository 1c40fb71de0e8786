import { type Command, InvalidArgumentError, Option } from 'commander'
import { PASSWORD_SOURCES } from '../host/password.ts'
import { repeated } from './parse.ts'
import { tlsGroup } from './tls.ts'

export interface ConnectOptions {
  readonly roots?: readonly string[]
  readonly name?: string
  readonly cert?: string
  readonly key?: string
  readonly secret?: string
  readonly password?: string
  readonly insecure: boolean
  readonly tlsMax?: '1.2' | '1.3'
  readonly alpn?: readonly string[]
  readonly keylog?: string
  readonly secrets: boolean
  readonly verbose: boolean
  readonly timeout: number
  readonly force: boolean
  readonly output: 'text' | 'json'
}

/** For the help of options that take a certificate. */
export const IDENTITY_FORMS = 'PEM, DER, PKCS#12 or a Secret'

/** Where to connect to. */
export interface Destination {
  readonly host: string
  readonly port: number
}

/** `podwire tls connect HOST:PORT`: our client against a real server. */
export function addTlsConnect(program: Command): void {
  tlsGroup(program)
    .command('connect')
    .description('connect to a real server with the TLS of podwire, and explain the handshake')
    .argument('<host:port>', 'the server', destination)
    .option(
      '--roots <file>',
      "trusted certificates, PEM or DER (repeatable; default: Mozilla's, as Node has them)",
      repeated,
    )
    .option('--name <name>', 'the name to ask for and to expect in the certificate (default: HOST)')
    .option('--cert <file>', `a client certificate and its chain: ${IDENTITY_FORMS}`)
    .option('--key <file>', 'its private key, PEM or DER, where that file holds none')
    .option('--secret <name>', 'which Secret, where the file holds several: NAME or NAMESPACE/NAME')
    .option('--password <source>', `the password of a PKCS#12 file or of the key: ${PASSWORD_SOURCES}`)
    .option('-k, --insecure', 'accept any certificate', false)
    .addOption(new Option('--tls-max <version>', 'the highest version of TLS to offer').choices(['1.2', '1.3']))
    .option('--alpn <protocols>', 'application protocols to offer, most wanted first: h2,http/1.1', protocols)
    .option('--keylog <file>', 'write the TLS secrets (SSLKEYLOGFILE format), mode 0600')
    .option('--secrets', 'show secrets in the explanation', false)
    .option('-v, --verbose', 'every step: fields, negotiation, key schedule, records', false)
    .option('--timeout <seconds>', 'give up after', seconds, 10)
    .option('--force', 'replace a key log that exists', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExamples:\n  podwire tls connect localhost:8443 --roots ca.crt --name web\n' +
        '  podwire tls connect 127.0.0.1:8443 --roots ca.crt --name web --cert client.crt --key client.key -v\n\n' +
        'Exit code: 0 connected, 1 the handshake or the judgement failed, 2 bad input.',
    )
    .action(async (where: Destination, options: ConnectOptions) => {
      process.exitCode = await (await import('./tls-connect.action.ts')).connect(where, options)
    })
}

/** `web:443`, `10.0.0.1:443`, `[fd00::1]:443`. */
export function destination(text: string): Destination {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) throw new InvalidArgumentError('expected HOST:PORT')
  return { host: match[1] ?? match[2], port }
}

/** `h2,http/1.1`: 1 to 255 bytes each (RFC 7301 3.1). */
export function protocols(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '' || Buffer.byteLength(name) > 255))
    throw new InvalidArgumentError('expected names of 1 to 255 bytes, with commas between')
  return names
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('expected seconds')
  return value
}
