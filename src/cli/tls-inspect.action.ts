import { tls as en } from '../explain/messages/en-tls.ts'
import { inputError } from '../util/diagnostics.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { print, printJson, writeNew } from './output.ts'
import type { InspectOptions } from './tls-inspect.ts'
import { type Handshake, handshakeDocument, handshakeLines, headline, succeeded } from './tls-output.ts'
import { fromCapture, fromFiles, fromScenario } from './tls-source.ts'

/** What there is to inspect: connections in the order they began, and their key log. */
export interface Source {
  readonly title: string
  readonly handshakes: readonly Handshake[]
  readonly keylog: readonly string[]
}

export function inspect(scenario: string, options: InspectOptions): ExitCode {
  const { title, handshakes, keylog } = sourceOf(scenario, options)
  if (handshakes.length === 0) {
    const instead =
      options.pcap === undefined ? '--from POD --url https://…, or another' : 'TCP that begins with a ClientHello'
    throw inputError(`${title}: ${en.noHandshake}`, instead)
  }
  const chosen = handshakes[(options.connection ?? 1) - 1]
  if (chosen === undefined)
    throw inputError(`--connection ${options.connection}`, `1 to ${handshakes.length}: that many there are`)
  if (options.keylog !== undefined && options.pcap === undefined) {
    const lines = keylog.map((line) => `${line}\n`).join('')
    writeNew(options.keylog, lines, { force: options.force, secret: true })
  }
  const number = handshakes.indexOf(chosen) + 1
  if (options.output === 'json') {
    const document = { source: title, connection: number, connections: handshakes.length, ...handshakeDocument(chosen) }
    printJson('Handshake', document)
  } else print([...overview(title, handshakes, number), ...handshakeLines(chosen, options.verbose)])
  return succeeded(chosen) ? EXIT.ok : EXIT.failed
}

function sourceOf(scenario: string, options: InspectOptions): Source {
  const { cert, key, pcap } = options
  if (cert === undefined && key !== undefined) throw inputError('--key without --cert', 'the certificate of that key')
  if (cert !== undefined && pcap !== undefined) throw inputError('--cert and --pcap exclude each other')
  if (cert !== undefined) return fromFiles(cert, options)
  if (pcap !== undefined) return fromCapture(pcap, options)
  return fromScenario(scenario, options)
}

function overview(title: string, handshakes: readonly Handshake[], chosen: number): string[] {
  if (handshakes.length === 1) return [title, '']
  const lines = handshakes.map((one, i) => `${i + 1 === chosen ? ' >' : '  '} ${i + 1}  ${headline(one)}`)
  return [title, '', `${en.heading.connections}  (${en.choose(handshakes.length)})`, ...lines, '']
}
