import { SocketError } from '../linux/socket/error.ts'
import type { Sockets } from '../linux/socket/table.ts'
import type { Process } from '../sim/process.ts'
import { type Nanos, SECOND } from '../sim/time.ts'
import type { Recorder } from '../trace/recorder.ts'
import type { PacketId, StepId } from '../trace/step.ts'
import type { Address } from '../util/address.ts'

/** One packet to send: what `podwire trace` is about. */
export interface Probe {
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly to: Address
  /** 0 for ICMP. */
  readonly port: number
  /** 0: any. */
  readonly sourcePort: number
  /** Bytes of payload; a SYN has none. */
  readonly size: number
  /** null: as the kernel would set DF by itself. */
  readonly dontFragment: boolean | null
  readonly ttl: number | null
}

/** What the sender's socket knew in the end. `packet` is the id the first packet got, had it left the socket. */
export interface ProbeResult {
  readonly packet: PacketId
  readonly errno: string | null
  readonly answered: boolean
}

/** ARP gives up after three seconds, and its answer has to come back: longer than this nobody waits for one packet. */
const PATIENCE: Nanos = 8 * SECOND
const TEXT = new TextEncoder().encode('podwire')

/** Sends it from a socket of the namespace and waits for the first answer, or error, of the kernel's. */
export function* probe(sockets: Sockets, recorder: Recorder, what: Probe, cause: StepId): Process<ProbeResult> {
  // Packet ids count up by one: the socket's packet is the next to be made, since nothing runs in between.
  const packet = recorder.packet() + 1
  try {
    const answered = yield* ask(sockets, what, cause)
    return { packet, errno: null, answered }
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    return { packet, errno: error.errno, answered: false }
  }
}

function* ask(sockets: Sockets, what: Probe, cause: StepId): Process<boolean> {
  const ttl = what.ttl ?? undefined
  const sourcePort = what.sourcePort === 0 ? undefined : what.sourcePort
  const discover = what.dontFragment === null ? undefined : what.dontFragment ? 'do' : 'dont'
  switch (what.protocol) {
    case 'tcp': {
      const stream = yield* sockets.connect(what.to, what.port, { timeout: PATIENCE, ttl, cause, sourcePort })
      stream.close()
      return true
    }
    case 'udp': {
      const socket = sockets.udp({ discover, ttl, cause })
      try {
        if (sourcePort !== undefined) socket.bind('any', sourcePort)
        socket.connect(what.to, what.port)
        socket.send(payload(what.size))
        return (yield* socket.receive(PATIENCE)) !== null
      } finally {
        socket.close()
      }
    }
    case 'icmp': {
      const socket = sockets.ping(cause)
      try {
        socket.echo(what.to, 1, payload(what.size), { discover, ttl, cause })
        const answer = yield* socket.receive(PATIENCE)
        if (answer?.kind === 'error') throw new SocketError(answer.error.errno, 'recvmsg')
        return answer !== null
      } finally {
        socket.close()
      }
    }
  }
}

/** `podwirepodwire…`, so that a hex view shows whose it is. */
export function payload(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => TEXT[i % TEXT.length])
}
