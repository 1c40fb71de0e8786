const listed = (parts: readonly string[]): string => parts.join(', ')

/** Steps of scenarios on what lives in a cluster, and what they expect of it. */
export const lifeStep = {
  apply: (what: string): string => `kubectl apply: ${what}`,
  delete: (kind: string, name: string, propagation: string): string =>
    `${kind} ${name} is deleted${propagation === 'Background' ? '' : `, ${propagation.toLowerCase()}`}`,
  rollout: (what: string, name: string, revision: number): string =>
    `kubectl rollout ${what} ${name}${revision === 0 ? '' : ` --to-revision ${revision}`}`,
  label: (pods: string, labels: readonly string[]): string => `${pods}: labels ${listed(labels)}`,
  check: (text: string): string => `check ${text}`,
  within: (text: string, time: string): string => `within ${time}: ${text}`,
  nothing: 'a look at the cluster',
  endpoints: (service: string, ready: number): string =>
    `Service ${service} has ${ready} ready ${ready === 1 ? 'endpoint' : 'endpoints'}`,
  pod: (name: string, first: readonly string[], words: readonly string[]): string =>
    `${name}: ${listed([...first, ...words])}`,
  pods: (selector: string, words: readonly string[]): string => `pods ${selector}: ${listed(words)}`,
  job: (name: string, words: readonly string[]): string => `Job ${name}: ${listed(words)}`,
  workload: (name: string, replicas: number | undefined, ready: number | undefined): string =>
    `${name}: ${listed([
      ...(replicas === undefined ? [] : [`${replicas} ${replicas === 1 ? 'pod' : 'pods'}`]),
      ...(ready === undefined ? [] : [`${ready} ready`]),
    ])}`,
  count: (pods: number): string => String(pods),
  ready: (pods: number): string => `${pods} ready`,
  readiness: (ready: boolean): string => (ready ? 'ready' : 'not ready'),
  succeeded: (count: number): string => `${count} succeeded`,
  failedPods: (count: number): string => `${count} failed`,
  restarts: (count: number): string => `${count} ${count === 1 ? 'restart' : 'restarts'}`,
  address: (word: string): string =>
    word === 'kept' ? 'the address is kept' : word === 'changed' ? 'the address has changed' : word,
  uid: (kept: boolean): string => (kept ? 'the same pod' : 'another pod'),
  on: (node: string): string => `on ${node}`,
  requests: (most: number | undefined, least: number | undefined, from?: string, until?: string): string => {
    const bounds = [
      ...(most === undefined ? [] : [`at most ${most}`]),
      ...(least === undefined ? [] : [`at least ${least}`]),
    ]
    const when = [...(from === undefined ? [] : [`from ${from}`]), ...(until === undefined ? [] : [`until ${until}`])]
    return [`requests failed: ${listed(bounds)}`, ...when].join(' ')
  },
  event: (reason: string, object: string | undefined, least: number, most: number | undefined): string => {
    const times = most === least ? `${most}` : most === undefined ? `at least ${least}` : `${least} to ${most}`
    return `Events ${reason}${object === undefined ? '' : ` of ${object}`}: ${times}`
  },
} as const
