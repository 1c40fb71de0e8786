import { tap as words } from '../../explain/messages/en-tap.ts'
import { isKind } from '../../explain/record.ts'
import type { Signer } from '../../pki/keys.ts'
import { emulatedSigner } from '../../pki/keys.ts'
import { decryptLater, overhear } from '../../tls/eavesdrop.ts'
import { concat, text } from '../../util/bytes.ts'
import { inputError, type SourcePosition } from '../../util/diagnostics.ts'
import { nearest } from '../../util/near.ts'
import type { Emulation } from '../emulation.ts'
import type { Operation } from '../load/scenario-kind.ts'
import { streamsAt, type TappedStream } from './streams.ts'

/** What somebody who listens at a device learns of the last request. */
export interface TapOutcome {
  readonly kind: 'tap'
  readonly lines: readonly string[]
  /** Every byte that could be read, as text. */
  readonly readable: string
}

/** Lines of one direction that are shown. */
const SHOWN = 12
const PRINTABLE = /^[\t\n\r -~]*$/

/** Reads the frames that were recorded at the device since the last curl began. */
export function tap(
  emulation: Emulation,
  { at: device, key }: Extract<Operation, { readonly name: 'tap' }>['with'],
  where: SourcePosition,
): TapOutcome {
  const { recorder } = emulation
  const names = recorder.places.map(({ node, netns, device: own }) => `${netns === 'host' ? node : netns}:${own}`)
  if (recorder.on && !names.includes(device)) {
    const near = nearest(device, names)
    throw inputError(
      `nothing was recorded at ${device}`,
      `one of ${(near.length > 0 ? near : names).slice(0, 5).join(', ')}`,
      where,
    )
  }
  const begin = recorder.steps.findLast(
    (step) => isKind(step, 'program') && step.event.program === 'curl' && step.event.change === 'start',
  )
  const streams = streamsAt(recorder, (place) => names[place] === device, begin?.id ?? 0)
  const signer = key === undefined ? null : signerOf(emulation, key, where)
  const heard = streams.map((stream) => hear(stream, signer, emulation))
  return {
    kind: 'tap',
    lines: heard.length === 0 ? [words.nothing] : heard.flatMap(({ lines }) => lines),
    readable: heard.map(({ readable }) => readable).join('\n'),
  }
}

interface Heard {
  readonly lines: string[]
  readonly readable: string
}

function hear(stream: TappedStream, signer: Signer | null, emulation: Emulation): Heard {
  const head = words.between(stream.client, stream.server)
  const plain = text(concat([stream.sent, stream.received]))
  const seen = overhear(stream.sent, stream.received)
  if (seen === null)
    return { lines: [head, ...shown(stream.sent, '->'), ...shown(stream.received, '<-')], readable: plain }
  const lines = [
    head,
    `  ${words.name(seen.serverName, seen.alpn)}`,
    `  ${words.suite(seen.suite?.name ?? null)}`,
    `  ${words.messages([...seen.plain.client, ...seen.plain.server], seen.chain)}`,
    `  ${words.sealed(seen.sealed.client, seen.sealed.server)}`,
  ]
  if (signer === null) return { lines, readable: plain }
  const opened = decryptLater(stream.sent, stream.received, signer, emulation.kernel.rng.fork('tap'))
  if (opened === null) return { lines: [...lines, `  ${words.onlySigned}`], readable: plain }
  return {
    lines: [...lines, `  ${words.opened}`, ...shown(opened.client, '->'), ...shown(opened.server, '<-')],
    readable: text(concat([opened.client, opened.server])),
  }
}

function shown(bytes: Uint8Array, arrow: string): string[] {
  const whole = text(bytes)
  if (!PRINTABLE.test(whole)) return [`  ${arrow} ${words.binary(bytes.length)}`]
  const lines = whole.split(/\r?\n/).filter((line) => line !== '')
  const rest = lines.length - SHOWN
  return [
    ...lines.slice(0, SHOWN).map((line) => `  ${arrow} ${line}`),
    ...(rest > 0 ? [`  ${arrow} ${words.more(rest)}`] : []),
  ]
}

function signerOf({ tls, now, kernel }: Emulation, key: string, where: SourcePosition): Signer {
  const name = key.replace(/^secret\//, '')
  const secret = name.includes('/') ? name : `default/${name}`
  tls.bundles.versions(secret, where)
  return emulatedSigner(tls.bundles.mounted(secret, now, now, true).identity.key, kernel.rng.fork('tap'))
}
