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
  /** Values of options that take one of a few. */
  readonly choices: readonly { readonly flags: readonly string[]; readonly values: readonly string[] }[]
  /** Takes the name of a scenario that ships. */
  readonly scenario: boolean
}

function wordsOf(command: Command, path: readonly string[] = []): Words[] {
  const options = command.options.flatMap((option) => (option.long ? [option.long] : []))
  const names = command.commands.map((sub) => sub.name())
  return [
    {
      path: path.join(' '),
      words: [...names, ...options, '--help'],
      choices: command.options.flatMap(({ short, long, argChoices }) =>
        argChoices === undefined ? [] : [{ flags: [short, long].filter((f) => f !== undefined), values: argChoices }],
      ),
      scenario: command.registeredArguments.some((argument) => /^scenarios?$/i.test(argument.name())),
    },
    ...command.commands.flatMap((sub) => wordsOf(sub, [...path, sub.name()])),
  ]
}

function script(shell: Shell, program: Command): string[] {
  const table = wordsOf(program)
  return shell === 'fish' ? fish(table) : bash(table, shell)
}

const SHIPPED = "podwire scenarios 2>/dev/null | cut -d' ' -f1"

function bash(table: readonly Words[], shell: Shell): string[] {
  const cases = table.map(({ path, words, scenario }) => {
    const names = scenario ? ` scenario=1` : ''
    return `    '${path}') words='${words.join(' ')}'${names} ;;`
  })
  const values = table.flatMap(({ path, choices }) =>
    choices.map(({ flags, values: known }) => {
      const patterns = flags.map((flag) => `'${path} ${flag}'`).join('|')
      return `    ${patterns}) words='${known.join(' ')}' scenario= ;;`
    }),
  )
  const body = [
    '_podwire() {',
    "  local path='' word words='' scenario=",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case $word in -*) break ;; esac',
    '    case ${path:+$path }$word in',
    ...table.filter(({ path }) => path !== '').map(({ path }) => `      '${path}') path='${path}' ;;`),
    '    esac',
    '  done',
    '  case $path in',
    ...cases,
    '  esac',
    '  case "$path ${COMP_WORDS[COMP_CWORD-1]}" in',
    ...values,
    '  esac',
    '  local current="${COMP_WORDS[COMP_CWORD]}"',
    `  if [ -n "$scenario" ] && [ "\${current#-}" = "$current" ]; then words="$words $(${SHIPPED})"; fi`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi',
    '}',
    'complete -F _podwire podwire',
  ]
  return shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit', ...body] : body
}

function fish(table: readonly Words[]): string[] {
  return table.flatMap(({ path, words, choices, scenario }) => {
    const given = path.split(' ').filter((word) => word !== '')
    const condition =
      given.length === 0
        ? '__fish_use_subcommand'
        : given.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    const valuesOf = (flag: string): string => {
      const known = choices.find(({ flags }) => flags.includes(flag))
      return known === undefined ? '' : ` -x -a '${known.values.join(' ')}'`
    }
    return [
      ...words.map((word) =>
        word.startsWith('--')
          ? `complete -c podwire -n '${condition}' -l ${word.slice(2)}${valuesOf(word)}`
          : `complete -c podwire -f -n '${condition}' -a ${word}`,
      ),
      ...(scenario ? [`complete -c podwire -n '${condition}' -a "(${SHIPPED})"`] : []),
    ]
  })
}
