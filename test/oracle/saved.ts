/** Tables and chains by name, without comments and counters; the order of rules in a chain is kept. */
export function canonical(saved: string): string {
  const tables = saved
    .replace(/^#.*\n/gm, '')
    .split(/(?<=COMMIT\n)/)
    .filter((table) => table.trim() !== '')
  return tables
    .map((table) => {
      const lines = table.trim().split('\n')
      const chains = lines.filter((line) => line.startsWith(':')).map((line) => line.replace(/\[.*/, '[0:0]'))
      const rules = lines.filter((line) => line.startsWith('-A'))
      const chainOf = (rule: string): string => rule.split(' ')[1]
      rules.sort((a, b) => (chainOf(a) < chainOf(b) ? -1 : chainOf(a) > chainOf(b) ? 1 : 0))
      return `${[lines[0], ...chains.sort(), ...rules, 'COMMIT'].join('\n')}\n`
    })
    .sort()
    .join('')
}
