import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Address, parseAddress } from '../util/address.ts'
import { type InputOptions, withInput, withProxyMode } from './options.ts'
import { port } from './parse.ts'

/** `podwire proxy …`: what kube-proxy makes of Services. */
export function addProxy(program: Command): void {
  const group = program
    .command('proxy')
    .description('what kube-proxy makes of Services')
    .addHelpText(
      'after',
      '\nExamples:\n  podwire proxy explain --node node-1 --source 10.244.1.2 --dest 10.96.0.80 --port 80',
    )
  addExplain(group)
}

export interface ProxyExplainOptions extends InputOptions {
  readonly node: string
  readonly source: Address
  readonly dest: Address
  readonly port: number
  readonly proto: 'tcp' | 'udp' | 'sctp'
  readonly output: 'text' | 'json'
}

const EXAMPLES = `
Examples:
  podwire proxy explain --node node-1 --source 10.244.1.2 --dest 10.96.0.80 --port 80
  podwire proxy explain -f cluster.yaml --node node-2 --source 192.168.56.1 --dest 192.168.56.12 --port 30080 -o json
  kubectl get nodes,pods,svc,endpointslices -A -o yaml | podwire proxy explain -f - --node n1 --source 10.0.0.7 --dest 10.96.0.10 --port 53 --proto udp

It is the walk of the emulated kernel over what \`podwire export iptables|nftables|ipvs\` prints, along both branches of every
random match: all endpoints that could be picked, not the one that was. The exit code is 0 whatever becomes of the packet.`

function addExplain(group: Command): void {
  withProxyMode(
    withInput(group.command('explain').description("all that a node's Service rules could do with a packet, and why")),
  )
    .requiredOption('--node <name>', 'the node whose rules it meets first')
    .requiredOption('--source <address>', 'who sends', address)
    .requiredOption('--dest <address>', 'where to', address)
    .requiredOption('--port <port>', 'destination port', port)
    .addOption(
      new Option('--proto <protocol>', 'protocol of the packet').choices(['tcp', 'udp', 'sctp']).default('tcp'),
    )
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(async (options: ProxyExplainOptions) => {
      process.exitCode = (await import('./proxy.action.ts')).explain(options)
    })
}

function address(text: string): Address {
  const value = parseAddress(text)
  if (value === null) throw new InvalidArgumentError('expected an IPv4 or IPv6 address')
  return value
}
