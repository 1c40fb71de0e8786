import { render } from 'ink'
import { App } from './app.tsx'
import type { Experience, StoryRequest } from './model/experience.ts'
import { start } from './model/reduce.ts'
import type { State } from './model/state.ts'
import { FrameSink, type TerminalOutput } from './terminal/sink.ts'

export interface UiOptions {
  readonly request: StoryRequest
  readonly color: boolean
  readonly ascii: boolean
  readonly stdout: TerminalOutput
  readonly stdin: NodeJS.ReadStream
}

/** Runs the terminal UI until the user quits; resolves with the last state. The screen is given back on every way out. */
export async function runUi(experience: Experience, options: UiOptions): Promise<State> {
  const sink = new FrameSink(options.stdout)
  const initial = start(experience, options.request, options)
  let last = initial
  const leave = (): void => sink.leave()
  const interrupt = (): void => process.exit(130)
  process.once('exit', leave)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt)
  sink.enter()
  try {
    const app = render(
      <App
        experience={experience}
        initial={initial}
        onState={(state) => {
          last = state
        }}
      />,
      {
        stdout: sink as unknown as NodeJS.WriteStream,
        stdin: options.stdin,
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
      },
    )
    await app.waitUntilExit()
  } finally {
    leave()
    process.removeListener('exit', leave)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, interrupt)
  }
  return last
}
