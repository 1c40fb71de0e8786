import type { NameService, PodContext } from '../app/context.ts'
import type { NetDevice } from '../linux/device/net-device.ts'
import { Nic } from '../linux/device/nic.ts'
import { Tamper } from '../linux/device/tamper.ts'
import { Veth } from '../linux/device/veth.ts'
import { inputError, type SourcePosition } from '../util/diagnostics.ts'
import { nearest } from '../util/near.ts'
import type { Emulation } from './emulation.ts'
import type { Host } from './host.ts'
import { performLifecycle } from './lifecycle/perform.ts'
import { durationOf } from './load/duration.ts'
import type { Operation } from './load/scenario-kind.ts'
import type { Outcome } from './outcome.ts'
import { connect, curl, ping, traceroute } from './programs.ts'
import { query, resolve } from './resolve.ts'
import { addressOfTarget, defaultPort } from './target.ts'
import { curlOptions, rotateCert } from './tls/operations.ts'
import { tap } from './tls/tap.ts'

const DONE: Outcome = { kind: 'done' }

/** Carries out one step of a scenario. Throws InputError when what it names is not there. */
export function perform(emulation: Emulation, operation: Operation, at: SourcePosition): Outcome {
  switch (operation.name) {
    case 'trace':
      return emulation.trace({ ...operation.with, at })
    case 'ping': {
      const { count, size, ttl, dontFragment } = operation.with
      const { host, to } = talk(emulation, operation.with, at)
      const options = { count, size, ttl, discover: dontFragment ? 'do' : 'want' } as const
      return emulation.runProgram(host, 'ping', (context) => ping(context, to, options))
    }
    case 'traceroute': {
      const { host, to } = talk(emulation, operation.with, at)
      return emulation.runProgram(host, 'traceroute', (context) => traceroute(context, to, operation.with))
    }
    case 'connect': {
      const { host, to, port } = talk(emulation, operation.with, at)
      return emulation.runProgram(host, 'connect', (context) => connect(context, to, port, operation.with.send))
    }
    case 'curl': {
      const { host, options } = curlOptions(emulation, operation.with, at)
      return emulation.runProgram(host, 'curl', (context) => curl(context, operation.with.url, options))
    }
    case 'advance':
      emulation.advance(durationOf(operation.with))
      return DONE
    case 'setMtu':
      deviceOf(emulation, operation.with, at).mtu = operation.with.mtu
      return DONE
    case 'cutLink':
      cut(deviceOf(emulation, operation.with, at), at)
      return DONE
    case 'tap':
      return tap(emulation, operation.with, at)
    case 'tamper': {
      const device = deviceOf(emulation, operation.with, at)
      const { driver } = device
      if (!(driver instanceof Nic || driver instanceof Veth))
        throw inputError(`${device.name} has no cable`, 'a card or one end of a veth pair', at)
      driver.link.fault = new Tamper(operation.with.byte)
      return DONE
    }
    case 'rotateCert':
      rotateCert(emulation, operation.with, at)
      return DONE
    case 'addNode':
      emulation.addNode(operation.with.name, operation.with.address, at)
      return DONE
    case 'resolve': {
      const { from, name, type } = operation.with
      const host = emulation.host(from, at)
      const { dns } = emulation
      const names = (context: PodContext): NameService => dns.namesOf(context, host.namespace.name)
      return emulation.runProgram(host, 'resolve', (context) =>
        type === undefined ? resolve(context, name, names) : query(context, name, type, dns.nameserver),
      )
    }
    default:
      return performLifecycle(emulation, operation, at)
  }
}

/** Who speaks, to which address and port. */
function talk(emulation: Emulation, ends: { readonly from: string; readonly to: string }, at: SourcePosition) {
  const host = emulation.host(ends.from, at)
  const target = emulation.target(ends.to, at)
  const to = addressOfTarget(emulation, target, host.namespace, at)
  return { host, to, port: target.port ?? defaultPort(target, 'tcp') }
}

interface DeviceRef {
  readonly node?: string
  readonly pod?: string
  readonly device?: string
}

/** The device named: of a node its card on the nodes' network, of a pod its eth0, unless told otherwise. */
function deviceOf(emulation: Emulation, ref: DeviceRef, at: SourcePosition): NetDevice {
  if ((ref.node === undefined) === (ref.pod === undefined)) throw inputError('no device is named', 'node or pod', at)
  const host: Host = emulation.host(ref.node === undefined ? `pod/${ref.pod}` : `node/${ref.node}`, at)
  const name = ref.device ?? (ref.node === undefined ? 'eth0' : emulation.cluster.lanNic)
  const device = host.namespace.device(name)
  if (device !== null) return device
  const names = host.namespace.devices.map((known) => known.name)
  const near = nearest(name, names)
  throw inputError(
    `no device ${name} in ${ref.node ?? ref.pod}`,
    `one of ${(near.length > 0 ? near : names).join(', ')}`,
    at,
  )
}

/** Pulls the cable out: the device stays up and what it sends is lost. */
function cut(device: NetDevice, at: SourcePosition): void {
  const { driver } = device
  if (!(driver instanceof Nic || driver instanceof Veth)) {
    throw inputError(`${device.name} has no cable`, 'a card or one end of a veth pair', at)
  }
  driver.link.carrier = false
}
