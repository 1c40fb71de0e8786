import { Command } from 'commander'
import { vi } from 'vitest'

/** A command of the program, called within the test's own process: what it prints and the exit code it sets. Undo with `vi.restoreAllMocks`. */
export async function runCommand(
  add: (program: Command) => void,
  args: readonly string[],
): Promise<{ out: string; code: unknown }> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  add(program)
  await program.parseAsync(args, { from: 'user' })
  return { out, code: process.exitCode }
}
