import { type Command, Option } from 'commander'
import { PASSWORD_SOURCES } from '../host/password.ts'
import { count, integer, repeated, time } from './parse.ts'
import { tlsGroup } from './tls.ts'
import { IDENTITY_FORMS, protocols } from './tls-connect.ts'

export interface InspectOptions {
  readonly from?: string
  readonly url?: string
  readonly seed?: number
  readonly cert?: string
  readonly key?: string
  readonly secret?: string
  readonly password?: string
  readonly roots?: readonly string[]
  readonly name?: string
  readonly at?: number
  readonly tlsMax?: '1.2' | '1.3'
  readonly alpn?: readonly string[]
  readonly pcap?: string
  readonly keylog?: string
  readonly connection?: number
  readonly side: 'client' | 'server'
  readonly verbose: boolean
  readonly force: boolean
  readonly output: 'text' | 'json'
}

/** `podwire tls inspect`: a whole handshake explained, from a scenario, from PEM files, or from a capture and its secrets. */
export function addTlsInspect(program: Command): void {
  tlsGroup(program)
    .command('inspect')
    .description('explain a whole handshake: of a scenario, of PEM files, or of a capture with its key log')
    .argument('[scenario]', 'a scenario: its file, or the name of one that ships', 'first')
    .option('--from <A>', 'let this pod make the request, in the cluster of the scenario')
    .option('--url <url>', 'what it asks for: https://…')
    .option('--seed <number>', "the seed of every random choice (default: the scenario's)", integer)
    .option(
      '--cert <file>',
      `instead: a server with this certificate and chain, both ends in memory; ${IDENTITY_FORMS}`,
    )
    .option('--key <file>', 'its private key, PEM or DER, where that file holds none')
    .option('--secret <name>', 'which Secret, where the file holds several: NAME or NAMESPACE/NAME')
    .option('--password <source>', `the password of a PKCS#12 file or of the key: ${PASSWORD_SOURCES}`)
    .option('--roots <file>', 'what the client trusts, PEM or DER (repeatable)', repeated)
    .option('--name <name>', "the name the client asks for (default: the certificate's first)")
    .option('--at <time>', 'when, RFC 3339 or a date (default: now)', time)
    .addOption(new Option('--tls-max <version>', 'the highest version of TLS to offer').choices(['1.2', '1.3']))
    .option('--alpn <protocols>', 'application protocols of both ends', protocols)
    .option('--pcap <file>', 'instead: a capture, pcap or pcapng; VXLAN is looked into')
    .option(
      '--keylog <file>',
      'with --pcap: its TLS secrets (SSLKEYLOGFILE format), where the capture carries none; else: write them, mode 0600',
    )
    .option('--connection <n>', 'which connection, counted from 1 (default: the first)', count)
    .addOption(new Option('--side <side>', 'whose view').choices(['client', 'server']).default('client'))
    .option('-v, --verbose', 'every step: fields, negotiation, key schedule, transcript, records', false)
    .option('--force', 'replace a key log that exists', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  podwire tls inspect
  podwire tls inspect 09-https-expired
  podwire tls inspect first --from client --url https://web -v
  podwire curl --from client https://web --pcap web.pcapng && podwire tls inspect --pcap web.pcapng
  podwire tls inspect --cert tls.crt --key tls.key --roots ca.crt --name web

Exit code: 0 the handshake went well, 1 it did not, 2 bad input.`,
    )
    .action(async (scenario: string, options: InspectOptions) => {
      process.exitCode = (await import('./tls-inspect.action.ts')).inspect(scenario, options)
    })
}
