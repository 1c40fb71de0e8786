import { type Command, Option } from 'commander'
import { type InputOptions, withInput, withProxyMode } from './options.ts'
import { count, port } from './parse.ts'

export interface TraceOptions extends InputOptions {
  readonly from: string
  readonly to: string
  readonly proto: 'tcp' | 'udp' | 'icmp'
  readonly dport?: number
  readonly sport?: number
  readonly size?: number
  readonly ttl?: number
  readonly df?: boolean
  readonly output: 'text' | 'json'
  readonly pcap?: string
  readonly capture?: string
  readonly force: boolean
  readonly allEndpoints: boolean
}

const EXAMPLES = `
Examples:
  podwire trace --from client --to svc/web:80
  podwire trace --from client --to svc/web:80 --all-endpoints
  podwire trace --from client --to pod/default/web-2 --proto icmp --pcap ping.pcapng --capture all
  podwire trace -f cluster.yaml --from shop/cart --to node/node-2:22 -o json
  kubectl get nodes,pods,svc,endpointslices,netpol -A -o yaml | podwire trace -f - --from default/a --to default/b

A and B: client, NS/NAME, pod/NS/NAME, svc/[NS/]NAME[:PORT], deploy/NAME, node/NAME[:PORT], external, [ip/]ADDR[:PORT].
Exit code: 0 delivered and answered, 1 not, 2 bad input.`

/** `podwire trace`: one packet (for TCP a SYN) and its answer, hop by hop. */
export function addTrace(program: Command): void {
  withProxyMode(
    withInput(program.command('trace').description('follow one packet and its answer, hop by hop, saying why')),
  )
    .requiredOption('--from <A>', 'who sends')
    .requiredOption('--to <B>', 'who is asked')
    .addOption(
      new Option('--proto <protocol>', 'protocol of the packet').choices(['tcp', 'udp', 'icmp']).default('tcp'),
    )
    .option('--dport <port>', 'destination port', port)
    .option('--sport <port>', 'source port (default: any)', port)
    .option('--size <bytes>', 'payload of a UDP or ICMP packet', count)
    .option('--ttl <hops>', 'time to live', count)
    .option('--df', "set don't-fragment")
    .option('--no-df', "leave don't-fragment clear")
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .option('--pcap <file>', 'write a capture (pcapng)')
    .option('--capture <device>', "where to capture: NODE:DEVICE, NS/POD:DEVICE or all (default: the sender's eth0)")
    .option('--all-endpoints', 'of a Service: a packet to each endpoint that its rules may pick', false)
    .option('--force', 'replace files that exist', false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TraceOptions) => {
      process.exitCode = (await import('./trace.action.ts')).trace(options)
    })
}
