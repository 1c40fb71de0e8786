import { type Command, Option } from 'commander'
import { type InputOptions, withInput, withProxyMode } from './options.ts'

/** `podwire export …`: what others' tools read. */
export function addExport(program: Command): void {
  const group = program
    .command('export')
    .description("print what others' tools read")
    .addHelpText(
      'after',
      `
Examples:
  podwire export pcapng --from client --to svc/web --capture all -w web.pcapng
  podwire export iptables --node node-1
  podwire export netns > cluster.sh`,
    )
  addPcapng(group)
  addRules(group)
  addNetns(group)
}

export interface PcapngOptions extends InputOptions {
  readonly from: string
  readonly to: string
  readonly proto: 'tcp' | 'udp' | 'icmp'
  readonly capture?: string
  readonly out: string
  readonly force: boolean
  readonly file?: readonly string[]
}

function addPcapng(group: Command): void {
  withInput(group.command('pcapng').description('a capture of one packet and its answer'))
    .requiredOption('--from <A>', 'who sends')
    .requiredOption('--to <B>', 'who is asked')
    .addOption(
      new Option('--proto <protocol>', 'protocol of the packet').choices(['tcp', 'udp', 'icmp']).default('tcp'),
    )
    .option('--capture <device>', "NODE:DEVICE, NS/POD:DEVICE or all (default: the sender's eth0)")
    .requiredOption('-w, --out <file>', 'the file to write')
    .option('--force', 'replace a file that exists', false)
    .addHelpText(
      'after',
      '\nExamples:\n  podwire export pcapng --from client --to svc/web --capture all -w web.pcapng\n  tshark -r web.pcapng -d udp.port==8472,vxlan',
    )
    .action(async (options: PcapngOptions) => {
      ;(await import('./export.action.ts')).exportPcapng(options)
    })
}

export interface RulesOptions extends InputOptions {
  readonly node: string
  readonly family: '4' | '6'
}

function addRules(group: Command): void {
  rulesCommand(
    group,
    'iptables',
    'the rules of a node (kube-proxy, flannel) as iptables-save prints them',
    'iptables-restore',
  ).action(async (options: RulesOptions) => {
    ;(await import('./export.action.ts')).exportIptables(options)
  })
  rulesCommand(group, 'nftables', 'the nftables tables of a node (kube-proxy) as commands for nft', 'nft -f -').action(
    async (options: RulesOptions) => {
      ;(await import('./export.action.ts')).exportNftables(options)
    },
  )
  rulesCommand(group, 'ipvs', "what a node has in kube-proxy's ipvs mode, as a script that sets it up", 'sh').action(
    async (options: RulesOptions) => {
      ;(await import('./export.action.ts')).exportIpvs(options)
    },
  )
}

function rulesCommand(group: Command, name: string, description: string, loads: string): Command {
  const mode = name === 'iptables' ? '' : ` --proxy-mode ${name}`
  return withProxyMode(withInput(group.command(name).description(description)))
    .requiredOption('--node <name>', 'whose rules')
    .addOption(new Option('--family <family>', 'of IPv4 or of IPv6').choices(['4', '6']).default('4'))
    .addHelpText(
      'after',
      `
Examples:
  podwire export ${name}${mode} --node node-1
  podwire export ${name}${mode} -f cluster.yaml --node node-2 --family 6
  podwire export ${name}${mode} --node node-1 | sudo unshare --net ${loads}`,
    )
}

export interface NetnsOptions extends InputOptions {
  readonly prefix: string
}

function addNetns(group: Command): void {
  withInput(group.command('netns').description('a shell script that builds the same cluster in network namespaces'))
    .option('--prefix <name>', 'namespaces are called PREFIX-NAME', 'podwire')
    .addHelpText(
      'after',
      `
Examples:
  podwire export netns > cluster.sh
  sudo sh cluster.sh up && sudo ip netns exec podwire-default_client ping -c 1 10.244.2.2; sudo sh cluster.sh down`,
    )
    .action(async (options: NetnsOptions) => {
      ;(await import('./export.action.ts')).exportNetns(options)
    })
}
