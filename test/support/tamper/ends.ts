import type { AlertName } from '../../../src/tls/alert.ts'
import type { TlsRole } from '../../../src/trace/steps/tls.ts'
import { type Conversation, EARLY, peerOf } from './conversation.ts'
import type { Course } from './courses.ts'

const ROLES = ['client', 'server'] as const
const SAID = { client: 'pongpong', server: 'pingping' } as const

/** Nothing may be heard but what was said. */
export function checkHeard(conversation: Conversation): void {
  for (const role of ROLES) {
    const { heard, heardEarly } = conversation.end(role)
    if (!SAID[role].startsWith(heard)) throw new Error(`the ${role} heard ${JSON.stringify(heard)}`)
    if (!EARLY.startsWith(heardEarly)) throw new Error(`the ${role} heard early ${JSON.stringify(heardEarly)}`)
  }
}

export function checkHeardAll(conversation: Conversation, { earlyData }: Course): void {
  for (const role of ROLES) {
    const { heard, heardEarly } = conversation.end(role)
    const early = role === 'server' && earlyData === 'accepted' ? EARLY : ''
    if (heard !== SAID[role] || heardEarly !== early)
      throw new Error(`no harm was done, yet the ${role} heard only ${JSON.stringify([heardEarly, heard])}`)
  }
}

/** How the two ends stood when one gave up. */
interface Standing {
  /** They had seen the same handshake, so the keys of the one are those of the other. */
  readonly agreed: boolean
  readonly course: Course
}

/** The other end hears the alert of the one that gave up, if it was sent and can be read; and makes nothing else of it. */
export function checkTold(conversation: Conversation, by: TlsRole, alert: AlertName, standing: Standing): void {
  const giver = conversation.end(by)
  const peer = conversation.end(peerOf(by))
  if (peer.failed !== null && peer.failed.by === by) {
    if (peer.failed.fault.alert !== alert)
      throw new Error(`the ${by} said ${alert}, yet ${peer.failed.fault.alert} was heard`)
    return
  }
  if (peer.failed !== null) {
    if (standing.agreed) throw new Error(`the ${by} said ${alert}, yet the other gave up: ${peer.failed.fault.rule}`)
    return
  }
  // RFC 8446 6.1: after a close_notify nothing is sent, and nothing read.
  if (giver.sealed || peer.closed === 'close_notify') return
  // A.1: the alert of a client with early data under way may be under keys that its server does not have.
  const lost = by === 'client' && standing.course.earlyData === 'rejected' && !giver.connected
  if (standing.agreed && !lost) throw new Error(`the ${by} said ${alert}, and the other did not hear it`)
}

/** RFC 8446 6.1, RFC 5246 7.2.1: a transport that ends without close_notify has been cut, or the handshake has. */
export function checkHangUp(conversation: Conversation): void {
  for (const role of ROLES) {
    const end = conversation.end(role)
    const { connection, failed, closed } = end
    const { at } = connection
    const outputs = conversation.hangUp(role)
    if (failed !== null || closed !== null) {
      if (outputs.length > 0) throw new Error(`the ${role} had ended, and makes more of a hang-up`)
      continue
    }
    const told = end.closed === 'truncated' || (end.failed?.by === peerOf(role) && end.failed.fault.rule.includes(at))
    if (!told || outputs.length !== 1) throw new Error(`the ${role} at ${at} does not tell that the transport was cut`)
    if (end.connected !== (end.closed === 'truncated')) throw new Error(`the ${role} at ${at} tells ${end.closed}`)
  }
}
