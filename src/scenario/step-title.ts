import { en } from '../explain/messages/en.ts'
import { checkTitle } from './lifecycle/step-title.ts'
import type { Operation, ScenarioStep } from './load/scenario-kind.ts'

const { step: say, lifeStep: life } = en

/** The step's own name, or what it does: `client pings default/web 3 times, 1000 bytes`. */
export function titleOf({ label, operation }: Pick<ScenarioStep, 'label' | 'operation'>): string {
  return label === '' ? doingOf(operation) : label
}

function doingOf(operation: Operation): string {
  switch (operation.name) {
    case 'trace': {
      const { from, to, proto, dport, sport, size } = operation.with
      const target = dport === undefined ? to : `${to}:${dport}`
      return listed(
        say.trace(say.packet[proto], from, target),
        sport !== undefined && say.fromPort(sport),
        size > 0 && say.bytes(size),
        ...headerOf(operation.with),
      )
    }
    case 'ping': {
      const { from, to, count, size, dontFragment, ttl } = operation.with
      const usual = size === 56
      return listed(
        say.ping(from, to, count),
        !usual && say.bytes(size),
        ...headerOf({ ttl, dontFragment: dontFragment || undefined }),
      )
    }
    case 'traceroute':
      return say.traceroute(operation.with.from, operation.with.to, operation.with.proto)
    case 'connect': {
      const { from, to, send } = operation.with
      return listed(say.connect(from, to), send > 0 && say.sends(send))
    }
    case 'curl': {
      const { from, url, insecure, tlsMax, ...rest } = operation.with
      const usual = [insecure === true && say.insecure, tlsMax !== undefined && say.tlsMax(tlsMax)]
      return listed(say.curl(from, url), ...usual, ...say.curlTls(rest))
    }
    case 'resolve':
      return say.resolve(operation.with.from, operation.with.name, operation.with.type)
    case 'advance':
      return say.advance(operation.with)
    case 'cutLink':
      return say.cutLink(deviceName(operation.with))
    case 'tap':
      return say.tap(operation.with.at, operation.with.key)
    case 'tamper':
      return say.tamper(deviceName(operation.with), operation.with.byte)
    case 'rotateCert':
      return say.rotateCert(operation.with)
    case 'setMtu':
      return say.setMtu(deviceName(operation.with), operation.with.mtu)
    case 'addNode':
      return say.addNode(operation.with.name)
    default:
      return lifecycleDoing(operation)
  }
}

function lifecycleDoing(operation: Operation): string {
  switch (operation.name) {
    case 'traffic': {
      const { from, url, every, for: time } = operation.with
      return say.traffic(from, url, every, time)
    }
    case 'deletePod': {
      const { gracePeriodSeconds } = operation.with
      const grace = gracePeriodSeconds !== undefined && say.grace(gracePeriodSeconds)
      return listed(say.deletePod(podsOf(operation.with)), grace)
    }
    case 'killContainer':
      return say.killContainer(podsOf(operation.with), operation.with.exitCode)
    case 'failProbe':
    case 'fixProbe':
      return say[operation.name](podsOf(operation.with), operation.with.probe)
    case 'scale':
      return say.scale(operation.with.name, operation.with.replicas)
    case 'setImage':
      return say.setImage(operation.with.name, operation.with.image)
    case 'drain':
    case 'cordon':
    case 'uncordon':
    case 'removeNode':
    case 'partitionNode':
    case 'healNode':
      return say[operation.name](operation.with.name)
    case 'apply':
      return life.apply(operation.with.objects.map(nameOfObject).concat(operation.with.manifests).join(', '))
    case 'delete':
      return life.delete(operation.with.kind, operation.with.name, operation.with.propagation)
    case 'rollout':
      return life.rollout(operation.with.do, operation.with.name, operation.with.toRevision)
    case 'label': {
      const labels = Object.entries(operation.with.labels).map(([key, value]) =>
        value === null ? `${key}-` : `${key}=${value}`,
      )
      return life.label(podsOf(operation.with), labels)
    }
    case 'check':
      return checkTitle(operation.with)
    case 'rebootNode':
      return say.rebootNode(operation.with.name, operation.with.duration)
    default:
      return say.other(operation.name, detailsOf(operation))
  }
}

/** `Deployment web`. */
const nameOfObject = ({ kind, metadata }: { kind: string; metadata?: unknown }): string =>
  `${kind} ${(metadata as { name?: string } | undefined)?.name ?? ''}`.trim()

const podsOf = ({ name, selector, count }: { name?: string; selector?: string; count?: number }): string =>
  say.pods(name, selector, count)

function headerOf({ ttl, dontFragment }: { ttl?: number; dontFragment?: boolean }): (string | false)[] {
  return [ttl !== undefined && say.ttl(ttl), dontFragment !== undefined && say.dontFragment(dontFragment)]
}

const listed = (...parts: readonly (string | false)[]): string => parts.filter((part) => part !== false).join(', ')

const deviceName = ({ node, pod, device }: { node?: string; pod?: string; device?: string }): string =>
  [node ?? pod, device].filter((part) => part !== undefined).join(' ')

const detailsOf = ({ with: fields }: Operation): string[] =>
  Object.entries(typeof fields === 'string' ? {} : fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${value}`],
  )
