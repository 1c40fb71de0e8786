const span = (nanos: number): string => `${(nanos / 1e9).toFixed(1).replace(/\.0$/, '')} s`

/** What the timeline of a cluster says. Reasons and messages of Kubernetes' own stay as they are. */
export const timeline = {
  heading: 'Timeline',
  applied: (what: string): string => `creates ${what}`,
  removed: (what: string): string => `deletes ${what}`,
  applies: 'created',
  made: (by: string): string => `created by ${by}`,
  sameName: (address: string): string => `a new pod of the same name: the one before it had ${address}`,
  scheduled: (node: string): string => `on ${node}`,
  sandbox: (node: string, address: string): string => `sandbox on ${node}: address ${address}`,
  newSandbox: (address: string, before: string): string =>
    address === before ? `new sandbox, same address ${address}` : `new sandbox, same pod: ${before} => ${address}`,
  lost: (address: string): string => `the sandbox is lost: nobody has ${address} any more`,
  freed: (address: string): string => `${address} is free again`,
  started: (container: string, restarts: number): string =>
    restarts === 0 ? `container ${container} started` : `container ${container} started anew (restart ${restarts})`,
  ended: (container: string, code: number, reason: string): string =>
    `container ${container} ended: exit ${code}${reason === '' ? '' : ` (${reason})`}`,
  waits: (container: string, reason: string, detail: string): string =>
    `container ${container} waits: ${reason}${detail === '' ? '' : ` (${detail})`}`,
  signal: (container: string, signal: string, detail: string): string =>
    signal === 'preStop'
      ? `preStop of ${container}: ${detail}`
      : `${signal} to ${container}${detail === '' ? '' : ` (${detail})`}`,
  ready: 'Ready',
  notReady: 'not Ready',
  phase: (phase: string): string => phase,
  deleting: (by: string, grace: number): string => `deleted by ${by}: ${grace} s of grace`,
  deleted: (by: string): string => `deleted by ${by}`,
  adopted: (by: string): string => `adopted by ${by}`,
  released: (by: string): string => `released by ${by}`,
  gone: 'gone',
  nodeJoined: 'joins',
  nodeGone: 'removed',
  probePasses: (probe: string): string => `${probe} probe passes`,
  probeFirst: (probe: string, asked: string, node: string): string => `${probe} probe passes: ${node} asked ${asked}`,
  probeAgain: (probe: string, count: number, threshold: number): string =>
    `${probe} probe passes again (${count} of ${threshold})`,
  probeFailed: (
    probe: string,
    asked: string,
    count: number,
    threshold: number,
    detail: string,
    during: number,
  ): string => {
    const times =
      count > threshold ? `fails ${count} times` : threshold === 1 ? 'fails' : `fails ${count} of ${threshold}`
    return `${probe} probe ${times}${during === 0 ? '' : ` within ${span(during)}`}: ${detail} (${asked})`
  },
  endpointReady: 'ready',
  endpointNotReady: 'not ready',
  terminating: (serving: boolean): string => (serving ? 'terminating, still serving' : 'terminating'),
  endpointGone: (address: string): string => `${address} removed`,
  readyCount: (ready: number): string => `${ready} ready`,
  rules: (mode: string, services: readonly string[], nodes: readonly string[] | null): string => {
    const shown =
      services.length > 4 ? `${services.slice(0, 3).join(', ')} and ${services.length - 3} more` : services.join(', ')
    const where = nodes === null ? 'every node' : nodes.length > 4 ? `${nodes.length} nodes` : nodes.join(', ')
    return `${mode} rules of ${shown} on ${where}`
  },
  configured: (by: readonly string[], hosts: number): string => {
    const shown = by.map((object) => object.replace(' default/', ' '))
    const told = shown.length > 3 ? `${shown.slice(0, 2).join(', ')} and ${shown.length - 2} more` : shown.join(', ')
    return `configuration of ${hosts} ${hosts === 1 ? 'host' : 'hosts'} anew: ${told}`
  },
  staleEntries: (count: number): string =>
    `${count} stale UDP ${count === 1 ? 'entry' : 'entries'} of conntrack deleted`,
  status: (status: number): string => `HTTP ${status}`,
  requestsFailed: (count: number, reason: string, during: number): string =>
    count === 1 ? `a request fails: ${reason}` : `${count} requests fail within ${span(during)}: ${reason}`,
  traffic: (url: string, made: number, failed: number): string => `${made} requests to ${url}, ${failed} failed`,
  answeredBy: (servers: readonly (readonly [string, number])[]): string =>
    servers.map(([name, count]) => `${name} ${count}`).join(', '),
} as const
