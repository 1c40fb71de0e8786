import { type Command, Option } from 'commander'
import { PASSWORD_SOURCES } from '../host/password.ts'
import { listenPort, repeated } from './parse.ts'
import { tlsGroup } from './tls.ts'
import { IDENTITY_FORMS, protocols } from './tls-connect.ts'

export interface ServeOptions {
  readonly cert: readonly string[]
  readonly key?: readonly string[]
  readonly secret?: string
  readonly password?: string
  readonly port: number
  readonly host: string
  readonly clientCa?: readonly string[]
  readonly alpn: readonly string[]
  readonly tlsMax?: '1.2' | '1.3'
  readonly keylog?: string
  readonly secrets: boolean
  readonly verbose: boolean
  readonly force: boolean
  readonly output: 'text' | 'json'
}

/** `podwire tls serve`: our server for real clients. */
export function addTlsServe(program: Command): void {
  tlsGroup(program)
    .command('serve')
    .description('serve HTTPS to real clients with the TLS of podwire, and explain each handshake')
    .requiredOption('--cert <file>', `certificate and chain: ${IDENTITY_FORMS} (repeatable: SNI picks)`, repeated)
    .option(
      '--key <file>',
      'its private key, PEM or DER, where that file holds none (repeatable, in the same order)',
      repeated,
    )
    .option('--secret <name>', 'which Secret, where the file holds several: NAME or NAMESPACE/NAME')
    .option('--password <source>', `the password of a PKCS#12 file or of the key: ${PASSWORD_SOURCES}`)
    .requiredOption('--port <port>', 'where to listen; 0: any that is free', listenPort)
    .option('--host <address>', 'address to listen on; others than 127.0.0.1 let other machines in', '127.0.0.1')
    .option('--client-ca <file>', 'demand a client certificate of this CA (repeatable)', repeated)
    .option('--alpn <protocols>', 'application protocols, most wanted first', protocols, ['http/1.1'])
    .addOption(new Option('--tls-max <version>', 'the highest version of TLS to speak').choices(['1.2', '1.3']))
    .option('--keylog <file>', 'write the TLS secrets (SSLKEYLOGFILE format), mode 0600')
    .option('--secrets', 'show secrets in the explanation', false)
    .option('-v, --verbose', 'every step of each handshake', false)
    .option('--force', 'replace a key log that exists', false)
    .addOption(
      new Option('-o, --output <format>', 'output format; json is one document a line')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  podwire tls serve --cert tls.crt --key tls.key --port 8443\n' +
        '  podwire tls serve --cert tls.crt --key tls.key --port 8443 --client-ca ca.crt --keylog keys.log\n' +
        '  kubectl get secret web-tls -o yaml | podwire tls serve --cert - --port 8443\n\n' +
        'GET is answered with a page on the handshake. Ctrl-C ends it.',
    )
    .action(async (options: ServeOptions) => {
      process.exitCode = await (await import('./tls-serve.action.ts')).serve(options)
    })
}
