import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ClientConfig, ServerConfig, Tracing } from '../../src/tls/config.ts'
import type { Loopback } from '../../src/tls/loopback.ts'
import { TicketSealer } from '../../src/tls/session/ticket.ts'
import type { TlsEvent, TlsRole } from '../../src/trace/steps/tls.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { Rng } from '../../src/util/rng.ts'
import { ASKING, play, RETRIED, returning, rng, type Scene } from './scene.ts'

// What the steps say is checked by node:crypto alone: whoever reads them can do the sums himself.
type Of<K extends TlsEvent['kind']> = Extract<TlsEvent, { kind: K }>

const stepsOf = <K extends TlsEvent['kind']>(run: Loopback, role: TlsRole, kind: K): Of<K>[] =>
  run.outputs[role].flatMap((o) => (o.kind === 'step' && o.event.kind === kind ? [o.event as Of<K>] : []))

const SHOWN = { secrets: true } as const
const shown = ({ c, s, ...rest }: Scene): Scene => ({ ...rest, c: { ...c, ...SHOWN }, s: { ...s, ...SHOWN } })
const V12 = { versions: ['TLS 1.2'], groups: ['x25519', 'secp256r1'] } as const

/** The scene with the same chance each time. */
function drawn({ c, s, ...rest }: Scene, trace: Tracing): Scene {
  const end = (seed: string) => ({ trace, random: new Rng(seed) })
  return { ...rest, c: { ...c, ...end('client') }, s: { ...s, ...end('server') } }
}

/** How much each call that sent something put on the wire, and how many steps there were up to the next such call. */
function calls(run: Loopback, role: TlsRole): { sent: number; steps: number }[] {
  const all = [{ sent: 0, steps: 0 }]
  for (const output of run.outputs[role]) {
    if (output.kind === 'send') all.push({ sent: output.bytes.length, steps: 0 })
    else if (output.kind === 'step') all[all.length - 1].steps++
    else if (output.kind === 'counted') all[all.length - 1].steps += output.steps
  }
  return all
}

function talk(run: Loopback): Loopback {
  for (const role of ['client', 'server'] as const) run.feed(role, run[role].write(utf8(`said by the ${role}`)))
  return run
}

const SCENES: Readonly<Record<string, () => Scene>> = {
  'TLS 1.3': () => ({}),
  'TLS 1.3, SHA-384': () => ({ c: { suites: ['TLS_AES_256_GCM_SHA384'] }, s: { suites: ['TLS_AES_256_GCM_SHA384'] } }),
  'a HelloRetryRequest': () => RETRIED,
  'client certificates': () => ASKING,
  resumption: () => returning(),
  'TLS 1.2': () => ({ c: V12, s: V12 }),
  'TLS 1.2 without the extended master secret': () => ({ c: { ...V12, extendedMasterSecret: false }, s: V12 }),
}
const each = describe.each(Object.entries(SCENES).map(([name, scene]) => ({ name, scene })))

each('$name', ({ scene }) => {
  const run = talk(play(shown(scene())))
  const hash = run.find('client', 'connected')!.connected.suite.endsWith('384') ? 'sha384' : 'sha256'

  test('counted steps are as many, from one sending to the next', () => {
    const setting = scene()
    const [told, counted] = (['told', 'counted'] as const).map((trace) => talk(play(drawn(setting, trace))))
    for (const role of ['client', 'server'] as const) {
      expect(calls(counted, role)).toEqual(calls(told, role))
      expect(counted.outputs[role].some(({ kind }) => kind === 'step')).toBe(false)
    }
  })

  describe.each(['client', 'server'] as const)('as the %s tells it', (role) => {
    test('every secret follows from the inputs beside it', () => {
      const derivations = stepsOf(run, role, 'tls-derivation')
      expect(derivations.length).toBeGreaterThan(4)
      for (const step of derivations) {
        if (step.operation === 'key agreement') continue
        expect(step.inputs.every(({ value }) => value !== null)).toBe(true)
        expect({ output: step.output, value: recomputed(step, hash) }).toEqual({
          output: step.output,
          value: step.value,
        })
        expect(step.value).toHaveLength(2 * step.length)
      }
    })

    test('each input was the output of a step before it', () => {
      const known = new Set<string>()
      for (const { operation, output, inputs, value } of stepsOf(run, role, 'tls-derivation')) {
        const named = /(Secret|derived|traffic|finished_key|master|binder|DHE|PSK)/
        for (const input of inputs) {
          if (operation === 'key agreement' || !named.test(input.name) || /_random|: 0$/.test(input.name)) continue
          // A session's secret comes from a connection before.
          if (/PSK/.test(input.name) || (input.name === 'master_secret' && known.size === 0)) continue
          expect({ output, input: input.name, known: known.has(input.value!) }).toMatchObject({ known: true })
        }
        known.add(value!)
      }
    })

    test('the transcript hash after each message is that of the messages', () => {
      let heard = Buffer.alloc(0)
      const messages = stepsOf(run, role, 'tls-message')
      const events = run.outputs[role].flatMap((o) => (o.kind === 'step' ? [o.event as TlsEvent] : []))
      let hellos: Buffer[] = []
      let count = 0
      for (const event of events) {
        if (event.kind === 'tls-message' && event.message !== 'NewSessionTicket') {
          const bytes = Buffer.from(event.bytes, 'hex')
          heard = Buffer.concat([heard, bytes])
          if (event.message === 'ServerHello' && event.bytes.includes(RETRY)) {
            // message_hash stands for the first hello (RFC 8446 4.4.1).
            const digest = createHash(hash).update(hellos[0]).digest()
            heard = Buffer.concat([Buffer.from([254, 0, 0, digest.length]), digest, bytes])
          }
          hellos = [...hellos, bytes]
        }
        if (event.kind !== 'tls-transcript') continue
        count++
        expect({ after: event.after, hash: event.hash }).toEqual({
          after: event.after,
          hash: createHash(event.algorithm).update(heard).digest('hex'),
        })
      }
      expect(count).toBeGreaterThanOrEqual(messages.filter(({ message }) => message !== 'NewSessionTicket').length - 2)
    })

    test('each choice has all that was offered: taken, or rejected with a reason', () => {
      const choices = stepsOf(run, role, 'tls-negotiation')
      expect(choices.length).toBeGreaterThan(1)
      for (const { subject, offered, chosen, why, rejected } of choices) {
        expect({ subject, why: why.length > 0 }).toEqual({ subject, why: true })
        for (const { candidate, reason } of rejected) {
          expect(candidate).not.toBe(chosen)
          expect({ subject, candidate, told: reason.length > 0 }).toMatchObject({ told: true })
        }
        // The server decides; a client learns the outcome.
        if (role === 'server' && subject !== 'certificate') {
          const told = [chosen, ...rejected.map(({ candidate }) => candidate)]
          for (const one of offered) expect(told).toContain(one)
        }
      }
    })
  })

  test('every ciphertext opens by the key, nonce and additional data of its steps, and holds what they say', () => {
    if (!run.find('client', 'connected')!.connected.suite.includes('GCM')) return
    for (const role of ['client', 'server'] as const) {
      const wire = framesOf(run, role)
      const sent = stepsOf(run, role, 'tls-record').filter(({ direction }) => direction === 'sent')
      expect(sent).toHaveLength(wire.length)
      const keys = stepsOf(run, role, 'tls-derivation').filter(({ output }) => / key$|^key_block$/.test(output))
      let opened = 0
      for (const [i, { protection, length }] of sent.entries()) {
        expect(wire[i].length - 5).toBe(length)
        if (protection === null) continue
        const plain = openWith(
          keys.flatMap((step) => candidates(step, hash)),
          protection,
          wire[i].subarray(5),
        )
        expect(plain).not.toBe(null)
        expect(protection.content + protection.padding + protection.overhead).toBe(length)
        const inside = plain!.subarray(0, protection.content)
        if (protection.innerType === 'handshake')
          expect(
            stepsOf(run, role, 'tls-message')
              .map(({ bytes }) => bytes)
              .join(''),
          ).toContain(inside.toString('hex'))
        if (protection.innerType === 'application_data') expect(String(inside)).toBe(`said by the ${role}`)
        opened++
      }
      expect(opened).toBeGreaterThan(1)
    }
  })
})

describe('secrets', () => {
  const config = (): { c: Partial<ClientConfig>; s: Partial<ServerConfig> } => ({
    c: {},
    s: { tickets: new TicketSealer(rng) },
  })

  test.each([
    ['TLS 1.3', config],
    ['TLS 1.2', () => ({ c: V12, s: { ...V12, tickets: new TicketSealer(rng) } })],
    ['resumption', () => returning()],
  ] as const)('are in no step of %s unless `secrets` is on, and then they are', (_name, scene) => {
    for (const secrets of [false, true]) {
      const { c, s } = scene()
      const run = talk(play({ c: { ...c, secrets }, s: { ...s, secrets } }))
      const session = run.find('client', 'session')?.session.secret
      const logged = (['client', 'server'] as const).flatMap((role) =>
        run.outputs[role].flatMap((o) => (o.kind === 'keylog' ? [o.line.split(' ')[2]] : [])),
      )
      if (session !== undefined) logged.push(Buffer.from(session).toString('hex'))
      expect(logged.length).toBeGreaterThan(1)
      for (const role of ['client', 'server'] as const) {
        const text = JSON.stringify(run.outputs[role].flatMap((o) => (o.kind === 'step' ? [o.event] : [])))
        // The exporter secrets of early data are derived by both, the rest too.
        for (const secret of logged) expect({ role, found: text.includes(secret) }).toEqual({ role, found: secrets })
        for (const { value, inputs } of stepsOf(run, role, 'tls-derivation')) {
          if (!secrets) expect(value).toBe(null)
          expect(inputs.length).toBeGreaterThanOrEqual(0)
        }
      }
    }
  })
})

const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
const bytesOf = (hex: string | null): Buffer => Buffer.from(hex ?? '', 'hex')

function recomputed({ operation, label, inputs, length }: Of<'tls-derivation'>, hash: string): string {
  const [first, second] = inputs.map(({ value }) => bytesOf(value))
  switch (operation) {
    case 'HKDF-Extract':
      return createHmac(hash, first).update(second).digest('hex')
    case 'HMAC':
      return createHmac(hash, first).update(second).digest('hex')
    case 'HKDF-Expand-Label': {
      const context = second ?? Buffer.alloc(0)
      const parts = [[length >>> 8, length, label.length], Buffer.from(label), [context.length], context]
      return expand(hash, first, Buffer.concat(parts.map((part) => Buffer.from(part))), length)
    }
    case 'PRF':
      return prf(hash, first, Buffer.concat([Buffer.from(label), second]), length)
    case 'key agreement':
      throw new Error('not derived from what is shown')
  }
}

/** RFC 5869 2.3. */
function expand(hash: string, key: Buffer, info: Buffer, length: number): string {
  let [out, block] = [Buffer.alloc(0), Buffer.alloc(0)]
  for (let n = 1; out.length < length; n++) {
    block = createHmac(hash, key)
      .update(Buffer.concat([block, info, Buffer.from([n])]))
      .digest()
    out = Buffer.concat([out, block])
  }
  return out.subarray(0, length).toString('hex')
}

/** RFC 5246 5. */
function prf(hash: string, secret: Buffer, seed: Buffer, length: number): string {
  let [out, a] = [Buffer.alloc(0), seed]
  while (out.length < length) {
    a = createHmac(hash, secret).update(a).digest()
    out = Buffer.concat([
      out,
      createHmac(hash, secret)
        .update(Buffer.concat([a, seed]))
        .digest(),
    ])
  }
  return out.subarray(0, length).toString('hex')
}

function framesOf(run: Loopback, role: TlsRole): Buffer[] {
  const bytes = Buffer.concat(run.outputs[role].flatMap((o) => (o.kind === 'send' ? [o.bytes] : [])))
  const all: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    all.push(bytes.subarray(at, end))
    at = end
  }
  return all
}

/** Keys that a step speaks of: one in TLS 1.3, the client's and the server's in a key block of AES-128-GCM. */
function candidates({ output, value }: Of<'tls-derivation'>, hash: string): Buffer[] {
  const bytes = bytesOf(value)
  const size = hash === 'sha384' ? 32 : 16
  return output === 'key_block' ? [bytes.subarray(0, size), bytes.subarray(size, 2 * size)] : [bytes]
}

function openWith(
  keys: readonly Buffer[],
  { nonce, additionalData, overhead }: NonNullable<Of<'tls-record'>['protection']>,
  payload: Buffer,
): Buffer | null {
  // TLS 1.2 puts eight bytes of the nonce before the ciphertext.
  const sealed = payload.subarray(overhead === 24 ? 8 : 0)
  for (const key of keys) {
    const decipher = createDecipheriv(key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm', key, bytesOf(nonce))
    decipher.setAAD(bytesOf(additionalData)).setAuthTag(sealed.subarray(-16))
    const plain = decipher.update(sealed.subarray(0, -16))
    try {
      decipher.final()
      return plain
    } catch {
      // Another key's record.
    }
  }
  return null
}
