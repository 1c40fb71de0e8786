import { type Address, parseAddress } from '../../../util/address.ts'
import { inputError } from '../../../util/diagnostics.ts'
import type { PortRange } from './match.ts'
import type { Chain, Target } from './rule.ts'
import { type AddressRange, type PortChoice, REJECT_WITH, type RejectWith } from './target.ts'
import type { Tokens } from './tokens.ts'

/** What follows `-j` or `-g`; `chainOf` finds the chains that users made. */
export function parseTarget(option: string, words: Tokens, chainOf: (name: string) => Chain): Target {
  const name = words.next()
  switch (name) {
    case 'ACCEPT':
    case 'DROP':
    case 'RETURN':
      return { kind: name.toLowerCase() as 'accept' | 'drop' | 'return' }
    case 'REJECT':
      return reject(words)
    case 'MARK':
      return mark(words)
    case 'MASQUERADE':
    case 'REDIRECT': {
      const { ports, choice } = natOptions(words)
      return { kind: name.toLowerCase() as 'masquerade' | 'redirect', ports, choice }
    }
    case 'SNAT':
    case 'DNAT': {
      const { to, ports, choice, persistent } = natOptions(words)
      const kind = name.toLowerCase() as 'snat' | 'dnat'
      return { kind, to, ports, choice, ...(persistent && { persistent }) }
    }
    case 'CT':
      if (words.next() !== '--notrack') throw inputError('-j CT', '--notrack', words.at)
      return { kind: 'notrack' }
    case 'NOTRACK':
      return { kind: 'notrack' }
    case 'LOG':
      return log(words)
    default:
      return { kind: option === '-g' ? 'goto' : 'jump', chain: chainOf(name) }
  }
}

function reject(words: Tokens): Target {
  if (words.peek() !== '--reject-with') return { kind: 'reject', with: null }
  words.next()
  const how = words.next()
  if (!(how in REJECT_WITH)) throw inputError(`--reject-with ${how}`, Object.keys(REJECT_WITH).join(', '), words.at)
  const plain = how === 'icmp-port-unreachable' || how === 'icmp6-port-unreachable'
  return { kind: 'reject', with: plain ? null : (how as RejectWith) }
}

function mark(words: Tokens): Target {
  const option = words.next()
  const [value, mask = -1] = words
    .next()
    .split('/')
    .map((text) => Number(text) | 0)
  switch (option) {
    case '--set-xmark':
      return { kind: 'mark', value, mask }
    case '--set-mark':
      return { kind: 'mark', value, mask: value | mask, written: 'set' }
    case '--or-mark':
      return { kind: 'mark', value, mask: value, written: 'or' }
    case '--xor-mark':
      return { kind: 'mark', value, mask: 0, written: 'xor' }
    case '--and-mark':
      return { kind: 'mark', value: 0, mask: ~value, written: 'and' }
    default:
      throw inputError(`-j MARK ${option}`, '--set-xmark, --set-mark, --or-mark, --and-mark or --xor-mark', words.at)
  }
}

function log(words: Tokens): Target {
  let prefix = ''
  while (words.peek()?.startsWith('--log-') === true) {
    const option = words.next()
    if (option === '--log-prefix') prefix = words.next()
    else if (option === '--log-level') words.next()
  }
  return { kind: 'log', prefix }
}

interface NatOptions {
  to: AddressRange | null
  ports: PortRange | null
  choice: PortChoice
  persistent: boolean
}

function natOptions(words: Tokens): NatOptions {
  const found: NatOptions = { to: null, ports: null, choice: 'keep', persistent: false }
  for (let option = words.peek(); option !== null; option = words.peek()) {
    if (option === '--random') found.choice = 'random'
    else if (option === '--random-fully') found.choice = 'random-fully'
    else if (option === '--persistent') found.persistent = true
    else if (option !== '--to-ports' && option !== '--to-source' && option !== '--to-destination') return found
    words.next()
    if (option === '--to-ports') found.ports = portsOf(words.next())
    else if (option.startsWith('--to-')) Object.assign(found, destination(words))
  }
  return found
}

/** `10.0.0.1`, `10.0.0.1-10.0.0.9`, `10.0.0.1:80-90`, `:80`, `[fd00::1]:80`. */
function destination(words: Tokens): Pick<NatOptions, 'to' | 'ports'> {
  const text = words.next()
  const [, six, four, ports] = /^(?:\[([^\]]+)\]|([^:]*))(?::([\d-]+))?$/.exec(text) ?? [text, text]
  const [low, high = low] = (six ?? four).split('-')
  const address = (part: string): Address => {
    const parsed = parseAddress(part)
    if (parsed === null) throw inputError(`${part} is no address`, undefined, words.at)
    return parsed
  }
  return {
    to: low === '' ? null : { low: address(low), high: address(high) },
    ports: ports === undefined ? null : portsOf(ports),
  }
}

function portsOf(text: string): PortRange {
  const [low, high = low] = text.split('-').map(Number)
  return { low, high }
}
