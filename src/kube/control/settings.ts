import { MILLISECOND, MINUTE, type Nanos, SECOND } from '../../sim/time.ts'

/** Every delay of the control plane. Defaults are those of Kubernetes 1.35's components; ours are marked. */
export interface Settings {
  /** Until a change reaches those that watch. Ours: etcd, API server and client take a few milliseconds. */
  readonly watchLatency: Nanos
  /** Ours: one pod after the other; a busy scheduler places some hundreds a second. */
  readonly schedulePod: Nanos
  /** kube-scheduler podInitialBackoffSeconds, podMaxBackoffSeconds. */
  readonly schedulerBackoff: Nanos
  readonly schedulerMaxBackoff: Nanos
  /** client-go DefaultTypedControllerRateLimiter: 5 ms, doubling, to 1000 s. */
  readonly retryBackoff: Nanos
  readonly retryMaxBackoff: Nanos
  /** replicaset.BurstReplicas: pods created or deleted in one go. */
  readonly burstReplicas: number
  /** job controller: DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff. */
  readonly jobBackoff: Nanos
  readonly jobMaxBackoff: Nanos
  /** kubelet nodeLeaseDurationSeconds of 40 s, renewed every quarter of it. */
  readonly leaseRenew: Nanos
  /** kube-controller-manager --node-monitor-grace-period, --node-monitor-period. */
  readonly nodeMonitorGrace: Nanos
  readonly nodeMonitor: Nanos
  /** podgc: how often it looks, and how long a node must be gone. */
  readonly podGc: Nanos
  readonly podGcQuarantine: Nanos
  /** kube-controller-manager --endpointslice-updates-batch-period, --max-endpoints-per-slice. */
  readonly endpointsBatch: Nanos
  readonly endpointsPerSlice: number
  /** kubectl drain: how long it waits before it asks again for an eviction that a budget refused. */
  readonly evictionRetry: Nanos
  /** Events are kept; without them large clusters cost less. */
  readonly events: boolean
}

export const DEFAULT_SETTINGS: Settings = {
  watchLatency: 2 * MILLISECOND,
  schedulePod: 2 * MILLISECOND,
  schedulerBackoff: SECOND,
  schedulerMaxBackoff: 10 * SECOND,
  retryBackoff: 5 * MILLISECOND,
  retryMaxBackoff: 1000 * SECOND,
  burstReplicas: 500,
  jobBackoff: 10 * SECOND,
  jobMaxBackoff: 10 * MINUTE,
  leaseRenew: 10 * SECOND,
  nodeMonitorGrace: 50 * SECOND,
  nodeMonitor: 5 * SECOND,
  podGc: 20 * SECOND,
  podGcQuarantine: 40 * SECOND,
  endpointsBatch: 0,
  endpointsPerSlice: 100,
  evictionRetry: 5 * SECOND,
  events: true,
}
