import { type Command, InvalidArgumentError, Option } from 'commander'
import { type InputOptions, withInput, withProxyMode } from './options.ts'
import { count, moment, repeated, time } from './parse.ts'

export interface CurlOptions extends InputOptions {
  readonly from: string
  readonly verbose: boolean
  readonly include: boolean
  readonly head: boolean
  readonly fail: boolean
  readonly request?: string
  readonly header?: readonly string[]
  readonly data?: string
  readonly resolve?: readonly string[]
  readonly connectTimeout?: number
  readonly maxTime?: number
  readonly insecure: boolean
  readonly cacert?: string
  readonly cert?: string
  readonly key?: string
  readonly tlsMax?: '1.2' | '1.3'
  readonly curves?: string
  readonly at?: number
  readonly after?: number | 'end'
  readonly keylog?: string
  readonly pcap?: string
  readonly capture?: string
  readonly force: boolean
  readonly count: number
  readonly output: 'text' | 'json'
}

const EXAMPLES = `
Examples:
  podwire curl --from client http://web.default.svc/
  podwire curl --from client https://web.default.svc/ --pcap web.pcapng
  podwire curl --from client --cert cluster-ca --curves X25519 https://web.default.svc/
  podwire curl --from client -v -H 'Host: shop.example' http://10.244.2.2:8080/cart
  podwire curl -f cluster.yaml --from shop/cart --count 20 http://catalog.shop/

Exit code: 0 an answer came (with --fail: below 400), 1 not, 2 bad input; curl's own exit code is printed.`

/** `podwire curl`: a request from inside a pod, shown whole. */
export function addCurl(program: Command): void {
  withProxyMode(
    withInput(program.command('curl').description('send an HTTP request from a pod, and show every packet of it')),
  )
    .argument('<url>', 'what to ask for')
    .requiredOption('--from <A>', 'who asks')
    .option('-v, --verbose', 'print what curl -v prints', false)
    .option('-i, --include', 'print the head of the answer too', false)
    .option('-I, --head', 'ask for the head only', false)
    .option('--fail', 'fail on a status of 400 and above', false)
    .option('-X, --request <method>', 'the method')
    .option('-H, --header <header>', 'a header of the request: NAME: VALUE (repeatable)', repeated)
    .option('-d, --data <data>', 'a body; makes it a POST')
    .option('--resolve <host:port:address>', 'an address for a name, without asking DNS (repeatable)', repeated)
    .option('--connect-timeout <seconds>', 'give up connecting after', seconds)
    .option('-m, --max-time <seconds>', 'give up altogether after', seconds)
    .option('-k, --insecure', 'accept any certificate', false)
    .option('--cacert <file>', "trust these instead of the cluster's CA: PEM, secret/NAME or configmap/NAME")
    .option('--cert <file>', "a client certificate: PEM with its chain, secret/NAME, or the pod's own: cluster-ca")
    .option('--key <file>', 'its private key (default: in the file of --cert)')
    .addOption(new Option('--tls-max <version>', 'the highest version of TLS to offer').choices(['1.2', '1.3']))
    .option('--curves <list>', 'groups for key exchange, as X25519MLKEM768:X25519')
    .option(
      '--at <time>',
      "judge certificates as at this time, RFC 3339 or a date (default: the cluster's clock)",
      time,
    )
    .option('--after <time>', "play the scenario's steps first, up to a moment such as 1m30s, or to their: end", played)
    .option('--keylog <file>', 'write the TLS secrets (SSLKEYLOGFILE format)')
    .option('--pcap <file>', 'write a capture (pcapng) that carries its TLS secrets')
    .option('--capture <device>', "where to capture: NODE:DEVICE, NS/POD:DEVICE or all (default: the sender's eth0)")
    .option('--force', 'replace files that exist', false)
    .option('--count <n>', 'ask so many times, one after the other', count, 1)
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: CurlOptions) => {
      process.exitCode = (await import('./curl.action.ts')).curl(url, options)
    })
}

/** `--after end`. */
const played = (text: string): number | 'end' => (text === 'end' ? text : moment(text))

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 86_400)) throw new InvalidArgumentError('expected seconds')
  return value
}
