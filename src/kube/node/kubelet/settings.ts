import { MILLISECOND, MINUTE, type Nanos, SECOND } from '../../../sim/time.ts'

/** Every delay of a kubelet. Defaults are Kubernetes 1.35's; where it has none, ours are marked. */
export interface KubeletSettings {
  /** Ours: the sandbox and its network. */
  readonly sandbox: Nanos
  /** Ours: from the end of the last process to that of the sandbox. */
  readonly sandboxStop: Nanos
  /** Ours: an image that the node does not have yet. */
  readonly imagePull: Nanos
  /** Ours: from `create` to a running process. */
  readonly containerStart: Nanos
  /** Ours: a program that handles SIGTERM is gone after this. */
  readonly shutdown: Nanos
  /** backOffPeriod: after a sandbox that could not be made. */
  readonly syncRetry: Nanos
  /** MaxContainerBackOff and its initial value, for crashes and for image pulls. */
  readonly backoff: Nanos
  readonly maxBackoff: Nanos
  /** A container that ran this long starts with a clean record: twice the longest back-off. */
  readonly backoffReset: Nanos
  /** minimumGracePeriodInSeconds: what SIGTERM gets even when preStop used the grace up. */
  readonly minimumGrace: Nanos
  /** Ours: an init container or a Job's container whose command says nothing of its length. */
  readonly task: Nanos
}

export const DEFAULT_KUBELET: KubeletSettings = {
  sandbox: 200 * MILLISECOND,
  sandboxStop: 20 * MILLISECOND,
  imagePull: SECOND,
  containerStart: 100 * MILLISECOND,
  shutdown: 0,
  syncRetry: 10 * SECOND,
  backoff: 10 * SECOND,
  maxBackoff: 300 * SECOND,
  backoffReset: 10 * MINUTE,
  minimumGrace: 2 * SECOND,
  task: SECOND,
}
