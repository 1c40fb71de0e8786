import { type Command, InvalidArgumentError } from 'commander'
import { print } from './output.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** `podwire completion SHELL`: a script made from the commands and options that exist. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .argument('<shell>', SHELLS.join(', '), shellName)
    .addHelpText(
      'after',
      '\nExamples:\n  source <(podwire completion bash)\n  podwire completion fish > ~/.config/fish/completions/podwire.fish',
    )
    .action((shell: Shell) => print(script(shell, program)))
}

function shellName(text: string): Shell {
  const shell = SHELLS.find((known) => known === text)
  if (shell === undefined) throw new InvalidArgumentError(`expected one of ${SHELLS.join(', ')}`)
  return shell
}

/** What can follow `podwire a b`: subcommands and long options, for every command there is. */
interface Words {
  readonly path: string
  readonly words: readonly string[]
}

function wordsOf(command: Command, path: readonly string[] = []): Words[] {
  const options = command.options.flatMap((option) => (option.long ? [option.long] : []))
  const names = command.commands.map((sub) => sub.name())
  return [
    { path: path.join(' '), words: [...names, ...options, '--help'] },
    ...command.commands.flatMap((sub) => wordsOf(sub, [...path, sub.name()])),
  ]
}

function script(shell: Shell, program: Command): string[] {
  const table = wordsOf(program)
  return shell === 'fish' ? fish(table) : bash(table, shell)
}

function bash(table: readonly Words[], shell: Shell): string[] {
  const cases = table.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`)
  const body = [
    '_podwire() {',
    "  local path='' word words=''",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case $word in -*) break ;; esac',
    '    path="${path:+$path }$word"',
    '  done',
    '  case $path in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); fi',
    '}',
    'complete -F _podwire podwire',
  ]
  return shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit', ...body] : body
}

function fish(table: readonly Words[]): string[] {
  return table.flatMap(({ path, words }) => {
    const given = path.split(' ').filter((word) => word !== '')
    const condition =
      given.length === 0
        ? '__fish_use_subcommand'
        : given.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    return words.map((word) =>
      word.startsWith('--')
        ? `complete -c podwire -n '${condition}' -l ${word.slice(2)}`
        : `complete -c podwire -f -n '${condition}' -a ${word}`,
    )
  })
}
