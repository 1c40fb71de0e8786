import { en } from '../../explain/messages/en.ts'
import type { LifeExpectation } from './judge.ts'

const { lifeStep: say } = en

/** What a check asks, in a line: `Service web has 2 ready endpoints; pods app=web: 2, 2 ready`. */
export function checkTitle(asked: LifeExpectation & { readonly within?: string }): string {
  const parts = [...subjectParts(asked), ...requestParts(asked), ...eventParts(asked)]
  const text = parts.length === 0 ? say.nothing : parts.join('; ')
  return say.check(asked.within === undefined ? text : say.within(text, asked.within))
}

function subjectParts(asked: LifeExpectation): string[] {
  const { pod, selector, endpoints, job, workload, node, ready, pods, replicas, state, succeeded, failed } = asked
  const parts: string[] = []
  if (endpoints !== undefined && ready !== undefined) parts.push(say.endpoints(short(endpoints), ready))
  if (pod !== undefined)
    parts.push(say.pod(short(pod), ready === undefined ? [] : [say.readiness(ready > 0)], podWords(asked)))
  if (selector !== undefined) {
    const counts = [pods !== undefined && say.count(pods), ready !== undefined && say.ready(ready)]
    parts.push(say.pods(selector, [...counts.filter((part) => part !== false), ...podWords(asked)]))
  }
  if (job !== undefined)
    parts.push(
      say.job(short(job), [
        ...(state === undefined ? [] : [state as string]),
        ...(succeeded === undefined ? [] : [say.succeeded(succeeded)]),
        ...(failed === undefined ? [] : [say.failedPods(failed)]),
      ]),
    )
  if (workload !== undefined) parts.push(say.workload(workload.replace('/default/', '/'), replicas, ready))
  if (node !== undefined && pod === undefined && selector === undefined)
    parts.push(say.pod(node, ready === undefined ? [] : [say.readiness(ready > 0)], []))
  return parts
}

const podWords = ({ phase, restarts, address, uid, node }: LifeExpectation): string[] => [
  ...(phase === undefined ? [] : [phase]),
  ...(restarts === undefined ? [] : [say.restarts(restarts)]),
  ...(address === undefined ? [] : [say.address(address)]),
  ...(uid === undefined ? [] : [say.uid(uid === 'kept')]),
  ...(node === undefined ? [] : [say.on(node)]),
]

function requestParts({ requests }: LifeExpectation): string[] {
  if (requests === undefined) return []
  const { failedAtMost, failedAtLeast, from, until } = requests
  return [say.requests(failedAtMost, failedAtLeast, from, until)]
}

const eventParts = ({ event }: LifeExpectation): string[] =>
  event === undefined ? [] : [say.event(event.reason, event.object, event.atLeast, event.atMost)]

const short = (name: string): string => name.replace(/^default\//, '')
