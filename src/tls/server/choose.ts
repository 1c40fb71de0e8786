import type { TlsRejected, TlsSubject } from '../../trace/steps/tls.ts'
import { known, TlsError } from '../alert.ts'
import type { ServerConfig } from '../config.ts'
import type { Core, StepBody } from '../core.ts'
import { find } from '../extension/build.ts'
import { alpn } from '../extension/codecs.ts'
import type { ClientHello } from '../message/hello.ts'
import { isGrease } from '../numbers.ts'

/** Something that both sides have a list of. */
export interface Candidate {
  readonly name: string
  readonly code: number
}

/** The first of `ours` that is in `theirs`, or the other way round where the client's order counts. */
export function firstCommon<T extends Candidate>(
  ours: readonly T[],
  theirs: readonly number[],
  preferOwn: boolean,
): T | null {
  if (preferOwn) return ours.find(({ code }) => theirs.includes(code)) ?? null
  for (const code of theirs) {
    const found = ours.find((candidate) => candidate.code === code)
    if (found !== undefined) return found
  }
  return null
}

/** The step of a choice between lists of code points; `exclude` gives reasons that are not about the lists. */
export function choiceStep<T extends Candidate>(
  subject: TlsSubject,
  offered: readonly number[],
  supported: readonly T[],
  chosen: T | null,
  nameOf: (code: number) => string,
  why: string,
  exclude: (code: number) => string | null = () => null,
): StepBody {
  const rejected: TlsRejected[] = offered
    .filter((code) => code !== chosen?.code)
    .map((code) => ({ candidate: nameOf(code), reason: exclude(code) ?? reasonAgainst(code, supported, chosen) }))
  return {
    kind: 'tls-negotiation',
    subject,
    offered: offered.map(nameOf),
    supported: supported.map(({ name }) => name),
    chosen: chosen?.name ?? null,
    why,
    rejected,
  }
}

function reasonAgainst<T extends Candidate>(code: number, supported: readonly T[], chosen: T | null): string {
  if (isGrease(code)) return 'GREASE, to be ignored (RFC 8701)'
  if (!supported.some((candidate) => candidate.code === code)) return 'not enabled on this server'
  return chosen === null ? 'does not fit the rest' : `${chosen.name} is preferred`
}

/** RFC 7301 3.2: null when either side does not negotiate protocols. Throws no_application_protocol. */
export function chooseProtocol(core: Core, config: ServerConfig, hello: ClientHello): string | null {
  const offered = find(hello.extensions, 'application_layer_protocol_negotiation', alpn)
  const supported = config.alpn
  if (offered === null || supported === undefined) return null
  const chosen = supported.find((name) => offered.includes(name)) ?? null
  core.step(() => {
    const rejected = offered
      .filter((name) => name !== chosen)
      .map((candidate) => ({
        candidate,
        reason: supported.includes(candidate) ? `${chosen} is preferred` : 'not served here',
      }))
    const why = chosen === null ? 'no protocol in common' : 'our most wanted of those offered'
    return { kind: 'tls-negotiation', subject: 'application protocol', offered, supported, chosen, why, rejected }
  })
  if (chosen === null) {
    const rule = `the server serves ${supported.join(', ')}, the client offers ${offered.join(', ')}`
    const facts = known(`offers ${offered.join(', ')}`, `serves ${supported.join(', ')}`)
    throw new TlsError('no_application_protocol', rule, 'RFC 7301 3.2', facts)
  }
  return chosen
}
