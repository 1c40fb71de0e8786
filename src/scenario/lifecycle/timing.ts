import type { Settings } from '../../kube/control/settings.ts'
import type { KubeletSettings } from '../../kube/node/kubelet/settings.ts'
import type { Nanos } from '../../sim/time.ts'
import { durationOf } from '../load/duration.ts'
import type { Timing } from './schema.ts'

/** What a scenario says of delays, for those who wait; what it does not say stays as it is. */
export function settingsOf(timing: Timing) {
  const control: Partial<Settings> = given({
    watchLatency: timing.watch,
    schedulePod: timing.schedule,
    endpointsBatch: timing.endpointsBatch,
    leaseRenew: timing.leaseRenew,
    nodeMonitorGrace: timing.nodeMonitorGrace,
    nodeMonitor: timing.nodeMonitor,
  })
  const { sandbox, sandboxStop, imagePull, containerStart, shutdown, task, backoff, maxBackoff } = timing
  const kubelet: Partial<KubeletSettings> = given({
    ...{ sandbox, sandboxStop, imagePull, containerStart, shutdown, task, backoff, maxBackoff },
  })
  return { control, kubelet, proxy: given({ minSync: timing.proxyMinSync }) }
}

function given<K extends string>(texts: Partial<Record<K, string | undefined>>): Partial<Record<K, Nanos>> {
  const found: Partial<Record<K, Nanos>> = {}
  for (const key in texts) {
    const text = texts[key]
    if (text !== undefined) found[key] = durationOf(text)
  }
  return found
}
