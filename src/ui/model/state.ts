import type { Handshake } from '../../explain/handshakes.ts'
import type { Hop } from '../../explain/hops.ts'
import type { ClusterView, Kill, Life, Story, Target } from './experience.ts'
import type { Detail } from './handshake.ts'

export type View = 'topology' | 'trace' | 'tls' | 'life'
export type Mode =
  | { readonly kind: 'normal' }
  | { readonly kind: 'help' }
  | {
      readonly kind: 'pick'
      readonly end: 'source' | 'destination'
      readonly targets: readonly Target[]
      readonly cursor: number
    }

/** All that the screens need to draw. Changed only by `reduce`. */
export interface State {
  readonly view: View
  readonly mode: Mode
  /** What the user did, in order: every view is of the cluster after it. */
  readonly kills: readonly Kill[]
  readonly cluster: ClusterView
  readonly story: Story
  /** Made when its view is first opened; null before, and where nothing lives. */
  readonly life: Life | null
  /** The moment that the view of lives looks at, and the pod chosen there. */
  readonly moment: number
  readonly pod: number
  /** Looked up when the TLS view is opened: which connection, which of its messages, and what is told of it. */
  readonly handshakes: readonly Handshake[]
  readonly talk: number
  readonly rung: number
  readonly detail: Detail
  /** Index into `allHops`: the packet's hops, then its answer's. */
  readonly cursor: number
  readonly focus: 0 | 1
  readonly scroll: number
  readonly playing: boolean
  /** Hops a second while playing. */
  readonly speed: number
  readonly message: string
  readonly color: boolean
  readonly ascii: boolean
}

/** Where a jump goes to; in views without a reply, its neighbours of the same kind. */
export type Mark = 'first' | 'last' | 'reply' | 'forward' | 'drop'

export type Action =
  | { readonly kind: 'hop'; readonly by: number }
  | { readonly kind: 'goto'; readonly hop: Mark }
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'play' | 'help' | 'close' | 'focus' | 'color' | 'ascii' | 'choose' | 'protocol' }
  | { readonly kind: 'speed'; readonly by: number }
  | { readonly kind: 'pick'; readonly end: 'source' | 'destination' }
  | { readonly kind: 'move'; readonly by: number }
  | { readonly kind: 'kill'; readonly now: boolean }
  | { readonly kind: 'tick' | 'undo' }

/** The hops of the packet and then of its answer. */
export const allHops = ({ trace }: Story): readonly Hop[] => [...trace.forward.hops, ...(trace.reply?.hops ?? [])]

export const forwardCount = ({ trace }: Story): number => trace.forward.hops.length
