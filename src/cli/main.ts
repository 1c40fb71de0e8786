import { Command, CommanderError } from 'commander'
import { addCompletion } from './completion.ts'
import { addCurl } from './curl.ts'
import { EXIT, report } from './exit.ts'
import { addExport } from './export.ts'
import { addGet } from './get.ts'
import { addIps } from './ips.ts'
import { quietWhenPipeCloses } from './output.ts'
import { addProxy } from './proxy.ts'
import { addRun } from './run.ts'
import { addScenarios } from './scenarios.ts'
import { addTlsConnect } from './tls-connect.ts'
import { addTlsInspect } from './tls-inspect.ts'
import { addTlsServe } from './tls-serve.ts'
import { addTlsVerify } from './tls-verify.ts'
import { addTrace } from './trace.ts'
import { addUi } from './ui.ts'
import { VERSION } from './version.ts'

const program = new Command('podwire')
  .description(
    'Kubernetes networking packet by packet, and real TLS handshakes across it: no root, no Docker, no cluster.',
  )
  .version(VERSION, '-V, --version')
  .showHelpAfterError('(--help shows how it is used)')
  .configureHelp({ sortSubcommands: false })
  .enablePositionalOptions()
  .exitOverride()

for (const add of [
  addUi,
  addTrace,
  addCurl,
  addRun,
  addGet,
  addIps,
  addProxy,
  addTlsInspect,
  addTlsVerify,
  addTlsConnect,
  addTlsServe,
  addExport,
  addScenarios,
  addCompletion,
])
  add(program)

quietWhenPipeCloses()

/** Settled when the command is done; it never rejects. */
export const ended: Promise<unknown> = program.parseAsync().catch((error: unknown) => {
  process.exitCode = error instanceof CommanderError ? usage(error) : report(error)
})

/** Commander has printed what is wrong already; asking for help or the version is no fault. */
function usage(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.badInput
}
