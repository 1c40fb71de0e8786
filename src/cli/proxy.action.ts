import { proxyText } from '../explain/text/proxy.ts'
import { standing } from '../explain/text/standing.ts'
import type { Emulation } from '../scenario/emulation.ts'
import { decideProxy } from '../scenario/proxy-decision.ts'
import { type Address, formatAddress, formatEndpoint } from '../util/address.ts'
import { EXIT } from './exit.ts'
import { emulationOf, heading } from './input.ts'
import { print, printJson } from './output.ts'
import type { ProxyExplainOptions } from './proxy.ts'

export function explain(options: ProxyExplainOptions): number {
  const emulation = emulationOf(options, 'off')
  const { node, source, dest: destination, port, proto: protocol } = options
  const decision = decideProxy(emulation, { node, source, destination, port, protocol })
  const { verdict, destinations, masquerade, rules, input } = decision
  if (options.output === 'json') {
    printJson('ProxyDecision', { verdict, destinations: destinations.map(({ text }) => text), masquerade, rules })
    return EXIT.ok
  }
  const flow = `${formatAddress(source)} > ${formatEndpoint(destination, port)} ${protocol}`
  const named = destinations.map(({ text, probability, masqueraded, address }) => ({
    text,
    probability,
    masqueraded,
    owner: ownerOf(emulation, address),
  }))
  print([
    heading(emulation),
    '',
    ...proxyText({ flow, node, input, verdict, destinations: named, rules }),
    ...standing(emulation.facts).flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines])),
  ])
  return EXIT.ok
}

function ownerOf({ facts }: Emulation, address: Address): string {
  const owner = facts.owner(address)
  if (owner === null) return ''
  return owner.kind === 'pod' ? `${owner.namespace}/${owner.name} on ${owner.node}` : owner.name
}
