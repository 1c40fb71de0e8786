import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const TOOLS = [
  'ip',
  'bridge',
  'iptables-restore',
  'ip6tables-restore',
  'nft',
  'ethtool',
  'tcpdump',
  'conntrack',
  'socat',
]
const MORE = ['ping', 'traceroute', 'python3', 'sysctl']

/** Why the kernel oracle cannot run here; null when it can. */
export function missing(tools: readonly string[] = [...TOOLS, ...MORE]): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const absent = tools.filter((tool) => !has(tool))
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`
  if (!loads('br_netfilter')) return 'the kernel has no br_netfilter'
  return null
}

/**
 * For `describe.skipIf`: true to skip, having said why. With PODWIRE_ORACLE=required nothing is skipped: it throws, so the
 * file fails.
 */
export function skip(reason: string | null, what: string): boolean {
  if (reason === null) return false
  if (process.env.PODWIRE_ORACLE === 'required') throw new Error(`${what} cannot run: ${reason}`)
  console.warn(`${what} is skipped: ${reason}`)
  return true
}

export function has(tool: string): boolean {
  return `${process.env.PATH}:/usr/sbin:/sbin`.split(':').some((folder) => existsSync(`${folder}/${tool}`))
}

function loads(module: string): boolean {
  if (existsSync('/proc/sys/net/bridge')) return true
  try {
    execFileSync('modprobe', [module], { stdio: 'ignore' })
  } catch {
    // A container cannot load modules.
  }
  return existsSync('/proc/sys/net/bridge')
}
