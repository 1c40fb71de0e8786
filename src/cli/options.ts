import { type Command, Option } from 'commander'
import type { ProxyMode } from '../kube/api/proxy-config.ts'
import { integer, repeated } from './parse.ts'

/** Options of every command that looks at a cluster. */
export interface InputOptions {
  readonly file?: readonly string[]
  readonly namespace?: string
  readonly seed?: number
  /** Where the command has it. */
  readonly proxyMode?: ProxyMode
}

const PROXY_MODES: readonly ProxyMode[] = ['iptables', 'nftables', 'ipvs']

export function withInput(command: Command): Command {
  return command
    .option('-f, --file <file>', 'manifests, a dump or a Scenario: file, folder or - (repeatable)', repeated)
    .option('-n, --namespace <namespace>', 'the namespace of names that say none', 'default')
    .option('--seed <number>', "the seed of every random choice (default: the scenario's, else 1)", integer)
}

/** For commands whose packets meet Services. */
export function withProxyMode(command: Command): Command {
  return command.addOption(
    new Option('--proxy-mode <mode>', "kube-proxy's mode, whatever the input says").choices(PROXY_MODES),
  )
}
