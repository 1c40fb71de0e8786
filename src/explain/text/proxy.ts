import { en } from '../messages/en.ts'
import { columns } from './columns.ts'

/** `text` is `ip:port`, `owner` who has that address, or ''. */
export interface ExplainedDestination {
  readonly text: string
  readonly probability: number
  readonly masqueraded: boolean
  readonly owner: string
}

/** A decision of kube-proxy's rules about one packet, in plain values. */
export interface ProxyExplanation {
  /** `10.244.1.2 > 10.96.0.80:80 tcp`. */
  readonly flow: string
  readonly node: string
  /** The device it comes in by; null when the node itself sends it. */
  readonly input: string | null
  readonly verdict: 'DNAT' | 'ACCEPT' | 'DROP' | 'REJECT'
  readonly destinations: readonly ExplainedDestination[]
  readonly rules: readonly string[]
}

/** The decision as `podwire proxy explain` prints it: the verdict first, then what it follows from. */
export function proxyText({ flow, node, input, verdict, destinations, rules }: ProxyExplanation): string[] {
  const { proxy } = en
  const where = input === null ? proxy.own(node) : proxy.arrives(node, input)
  const some = destinations.some(({ masqueraded }) => masqueraded)
  const all = destinations.every(({ masqueraded }) => masqueraded)
  const rows = destinations.map(({ text, probability, owner, masqueraded }) => [
    text,
    `p ${share(probability)}`,
    some && !all && masqueraded ? `${owner} ${proxy.here}`.trim() : owner,
  ])
  const decision = all ? proxy.masqueraded : some ? proxy.partly : proxy.kept
  return [
    proxy.verdict[verdict](destinations.length),
    `  ${flow}   ${where}`,
    ...columns(rows).map((line) => `  ${line}`),
    ...(verdict === 'DNAT' ? ['', decision] : []),
    ...(rules.length === 0 ? [] : ['', proxy.rules, ...rules.map((line) => `  ${line}`)]),
  ]
}

/** iptables rounds probabilities to 1/2^31, so that three thirds are not quite one. */
const share = (probability: number): string => String(Number(probability.toFixed(4)))
