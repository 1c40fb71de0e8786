import { type Nanos, SECOND } from '../../sim/time.ts'
import type { StepId } from '../../trace/step.ts'
import { type Address, type AddressKey, keyOf, type Mac, NO_MAC } from '../../util/address.ts'
import { writeEthernet } from '../../wire/fast/ethernet.ts'
import type { NetDevice } from '../device/net-device.ts'
import { drop } from '../drop.ts'
import type { Skb } from '../skb.ts'
import * as arp from './arp.ts'
import * as ndp from './ndp.ts'
import { Neighbour, type Waiting } from './neighbour.ts'

/** Linux's defaults (net/ipv4/arp.c, net/ipv6/ndisc.c). */
const RETRANS_TIME = SECOND
const DELAY_PROBE_TIME = 5 * SECOND
const BASE_REACHABLE_TIME = 30 * SECOND
const PROBES = 3
/** unres_qlen_bytes: what may wait for one neighbour. */
const QUEUE_BYTES = 212_992

/** ICMP host unreachable and ICMPv6 address unreachable: what the sender of a packet that waited in vain is told. */
const UNREACHABLE = { 4: { type: 3, code: 1 }, 6: { type: 1, code: 3 } } as const

/**
 * The neighbours on one device, of both families: net/core/neighbour.c. A reachable entry needs no timer here: it is found to
 * be stale when it is next used. Entries are not garbage collected (Linux keeps the first 128 as well).
 */
export class NeighbourTable {
  private readonly entries = new Map<AddressKey, Neighbour>()
  /** Drawn once, 0.5 to 1.5 times the base; Linux draws anew every five minutes. */
  private reachableTime: Nanos = 0

  constructor(private readonly device: NetDevice) {}

  find(address: Address): Neighbour | undefined {
    return this.entries.get(typeof address === 'number' ? address : address.key)
  }

  create(address: Address): Neighbour {
    const entry = new Neighbour(address)
    this.entries.set(keyOf(address), entry)
    return entry
  }

  /** `ip neigh replace ADDRESS lladdr MAC nud permanent`. */
  setPermanent(address: Address, mac: Mac): void {
    const entry = this.find(address) ?? this.create(address)
    entry.timer?.cancel()
    entry.state = 'permanent'
    entry.mac = mac
    this.flush(entry, null)
  }

  /** `ip neigh del`. What waited is lost. */
  delete(address: Address): void {
    const entry = this.find(address)
    entry?.timer?.cancel()
    this.entries.delete(keyOf(address))
  }

  /** The device went down or away. */
  clear(): void {
    for (const entry of this.entries.values()) entry.timer?.cancel()
    this.entries.clear()
  }

  list(): readonly Neighbour[] {
    return [...this.entries.values()]
  }

  /** `neigh_event_send` for an entry that is not connected: send with what is known, or wait and ask. */
  resolve(entry: Neighbour, skb: Skb, etherType: number): void {
    switch (entry.state) {
      case 'incomplete':
        this.enqueue(entry, skb, etherType)
        return
      case 'failed':
        entry.state = 'incomplete'
        entry.probes = 0
        this.enqueue(entry, skb, etherType)
        entry.cause = skb.cause
        this.solicit(entry, null)
        this.arm(entry, RETRANS_TIME, true)
        return
      case 'reachable':
      case 'stale':
        entry.state = 'delay'
        entry.cause = skb.cause
        this.arm(entry, DELAY_PROBE_TIME, false)
        break
      case 'delay':
      case 'probe':
      case 'permanent':
    }
    writeEthernet(skb.frame, entry.mac, this.device.mac, etherType)
    entry.cached = true
    this.device.transmit(skb)
  }

  /** TCP made progress, so the way there works (`dst_confirm`): a delayed entry will not be probed. */
  confirm(address: Address): void {
    const entry = this.find(address)
    if (entry === undefined) return
    const { now } = this.device.namespace.kernel.simulation
    if (entry.state === 'reachable' && entry.connected(now)) entry.until = now + this.reachable()
    entry.confirmed = now
  }

  /**
   * `neigh_update`: what an ARP or ND message says. `mac` null keeps the known one. `override`: a different MAC address
   * replaces the known one; without it, `weak` says that a reachable entry at least turns stale.
   */
  update(
    entry: Neighbour,
    mac: Mac | null,
    next: 'reachable' | 'stale',
    override: boolean,
    weak: boolean,
    skb: Skb,
  ): void {
    if (entry.state === 'permanent') return
    const { now } = this.device.namespace.kernel.simulation
    const wasValid = entry.valid
    if (!wasValid && mac === null) return
    let lladdr = mac ?? entry.mac
    let state: 'reachable' | 'stale' | null = next
    if (wasValid && lladdr !== entry.mac && !override) {
      if (!weak || !entry.connected(now)) return
      lladdr = entry.mac
      state = 'stale'
    } else if (wasValid && lladdr === entry.mac && next === 'stale') {
      state = null
    }
    const changed = lladdr !== entry.mac
    if (changed || !wasValid) {
      entry.mac = lladdr
      entry.cached = false
      entry.updated = now
    }
    if (state !== null) this.enter(entry, state)
    if (!wasValid || changed) this.note(entry, skb)
    if (!wasValid) this.flush(entry, skb)
  }

  /** Within a second of the last change a reply does not override (LOCKTIME): the first answer wins. */
  locked(entry: Neighbour): boolean {
    return this.device.namespace.kernel.simulation.now <= entry.updated + SECOND
  }

  private enter(entry: Neighbour, state: 'reachable' | 'stale'): void {
    entry.timer?.cancel()
    entry.timer = null
    entry.state = state
    if (state === 'stale') return
    entry.confirmed = this.device.namespace.kernel.simulation.now
    entry.until = entry.confirmed + this.reachable()
  }

  private reachable(): Nanos {
    if (this.reachableTime === 0) {
      const { node, name, kernel } = this.device.namespace
      const chance = kernel.rng.fork(`reachable/${node}/${name}/${this.device.name}`).float()
      this.reachableTime = Math.round(BASE_REACHABLE_TIME * (0.5 + chance))
    }
    return this.reachableTime
  }

  private arm(entry: Neighbour, delay: Nanos, foreground: boolean): void {
    const { simulation } = this.device.namespace.kernel
    const fire = (): void => this.expire(entry)
    entry.timer?.cancel()
    entry.timer = foreground ? simulation.timer(delay, fire) : simulation.background(delay, fire)
  }

  /** `neigh_timer_handler`. */
  private expire(entry: Neighbour): void {
    const { now } = this.device.namespace.kernel.simulation
    entry.timer = null
    if (entry.state === 'delay') {
      if (now <= entry.confirmed + DELAY_PROBE_TIME) {
        entry.state = 'reachable'
        entry.until = entry.confirmed + this.reachable()
        return
      }
      entry.state = 'probe'
      entry.probes = 0
    }
    if (entry.probes >= PROBES) {
      this.fail(entry)
      return
    }
    this.solicit(entry, entry.state === 'probe' ? entry.mac : null)
    this.arm(entry, RETRANS_TIME, entry.state === 'incomplete')
  }

  /** `neigh_invalidate`: everyone who waited hears of it. */
  private fail(entry: Neighbour): void {
    entry.state = 'failed'
    entry.mac = NO_MAC
    entry.cached = false
    const { namespace, place } = this.device
    for (const { skb } of this.drain(entry)) {
      this.step(skb.cause, skb, 'failed', entry)
      const family = typeof entry.address === 'number' ? 4 : 6
      const { type, code } = UNREACHABLE[family]
      namespace.icmpError(skb, family, type, code, { why: 'neighbour-failed' })
      drop(namespace.kernel, place, skb, 'neighbour-failed')
    }
  }

  private enqueue(entry: Neighbour, skb: Skb, etherType: number): void {
    this.step(skb.cause, skb, 'wait', entry)
    const length = skb.frame.length
    while (entry.waiting.length > 0 && entry.queued + length > QUEUE_BYTES) {
      const oldest = entry.waiting.shift()!.skb
      entry.queued -= oldest.frame.length
      drop(this.device.namespace.kernel, this.device.place, oldest, 'neighbour-queue-full')
    }
    entry.waiting.push({ skb, etherType })
    entry.queued += length
  }

  private flush(entry: Neighbour, answer: Skb | null): void {
    for (const { skb, etherType } of this.drain(entry)) {
      this.step(skb.cause, skb, 'resolved', entry)
      this.device.send(entry.address, skb, etherType)
    }
    if (answer !== null) entry.cause = answer.cause
  }

  private drain(entry: Neighbour): Waiting[] {
    const waiting = entry.waiting
    entry.waiting = []
    entry.queued = 0
    return waiting
  }

  private solicit(entry: Neighbour, to: Mac | null): void {
    entry.probes++
    const asker = entry.waiting.length === 0 ? null : entry.waiting[entry.waiting.length - 1].skb
    const { address } = entry
    if (typeof address === 'number') arp.solicit(this.device, address, to, asker, entry.cause)
    else ndp.solicit(this.device, address, to, asker, entry.cause)
  }

  private note(entry: Neighbour, skb: Skb): void {
    this.step(skb.cause, skb, 'learned', entry)
  }

  private step(cause: StepId, skb: Skb, change: 'wait' | 'resolved' | 'failed' | 'learned', entry: Neighbour): void {
    const { recorder, simulation } = this.device.namespace.kernel
    const { address } = entry
    const mac = entry.valid ? entry.mac : null
    skb.cause = recorder.on
      ? recorder.step(simulation.now, this.device.place, cause, skb.packet, null, {
          kind: 'neighbour',
          change,
          address,
          mac,
        })
      : recorder.skip()
  }
}
