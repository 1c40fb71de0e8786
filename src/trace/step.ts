import type { CertificateEvent } from './steps/cert.ts'
import type { IngressEvent } from './steps/ingress.ts'
import type { KubeEvent } from './steps/kube.ts'
import type { PacketEvent, ProgramEvent, SocketEvent } from './steps/packet.ts'
import type { TlsEvent } from './steps/tls.ts'

/** Counts from 1 in the order things happened; 0 is "nothing". */
export type StepId = number
/** One for each packet a socket or the kernel makes; a packet keeps it through encapsulation and forwarding. 0 is "none". */
export type PacketId = number
/** Index into the recorder's table of places. */
export type PlaceId = number
/** Which recorded frame, counted from 0. */
export type FrameRef = number

export type Event = PacketEvent | SocketEvent | ProgramEvent | KubeEvent | IngressEvent | TlsEvent | CertificateEvent

/** One thing that happened. Everything podwire shows is derived from these. */
export interface Step<E extends Event = Event> {
  readonly id: StepId
  /** Nanoseconds of virtual time. */
  readonly at: number
  readonly place: PlaceId
  /** The step that led to this one; 0 for a beginning. */
  readonly cause: StepId
  readonly packet: PacketId
  readonly frame: FrameRef | null
  readonly event: E
}

/** Where a step happened. `netns` is `host` or `NS/POD`; `device` is empty when none is involved. */
export interface Place {
  readonly node: string
  readonly netns: string
  readonly device: string
}
