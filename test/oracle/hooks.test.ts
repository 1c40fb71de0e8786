import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cluster } from './cluster.ts'
import { Lab } from './lab.ts'
import { missing, skip } from './requirements.ts'

/** What netfilter sees of bridged traffic, which no tap shows: counted by rules. */
describe.skipIf(skip(missing(), 'the kernel oracle'))('bridged packets at the hooks', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await Lab.build(cluster({ overlay: 'vxlan' }))
  })
  afterAll(() => lab?.destroy())

  const count = async (table: string, chain: string, match: string, command: string): Promise<number> => {
    await lab.run('node-1', `iptables -t ${table} -I ${chain} ${match}`)
    await lab.forget()
    await lab.run('default_a1', command)
    const { stdout } = await lab.run('node-1', `iptables -t ${table} -vxnL ${chain} 1`)
    await lab.run('node-1', `iptables -t ${table} -D ${chain} ${match}`)
    return Number(stdout.trim().split(/\s+/)[0])
  }
  const ping = 'ping -n -c1 -W1 10.244.1.3'
  const [eth0] = cluster().namespaces.find((ns) => ns.name === 'default_a1')!.devices
  const port = eth0.kind === 'veth' ? eth0.peer.name : ''
  const pair = '-s 10.244.1.2 -d 10.244.1.3'

  it.each([
    ['FORWARD sees them', 'filter', 'FORWARD', pair, 1],
    ['in through cni0', 'filter', 'FORWARD', `${pair} -i cni0`, 1],
    ['out through cni0', 'filter', 'FORWARD', `${pair} -o cni0`, 1],
    ['not by their ports', 'filter', 'FORWARD', `${pair} -i ${port}`, 0],
    ['but the ports are known to physdev', 'filter', 'FORWARD', `${pair} -m physdev --physdev-in ${port}`, 1],
    ['PREROUTING sees them, in through cni0', 'mangle', 'PREROUTING', `${pair} -i cni0`, 1],
    ['POSTROUTING sees them, out through cni0', 'mangle', 'POSTROUTING', `${pair} -o cni0`, 1],
    ['INPUT does not', 'filter', 'INPUT', pair, 0],
    ['the nat table sees the first packet only', 'nat', 'POSTROUTING', pair, 1],
    ['and not the reply', 'nat', 'POSTROUTING', '-s 10.244.1.3 -d 10.244.1.2', 0],
  ])('%s', async (_, table, chain, match, packets) => {
    expect(await count(table, chain, match, ping)).toBe(packets)
  })

  it('a reassembled datagram passes each hook once', async () => {
    const send = `python3 -c 'import socket; s = socket.socket(2, 2); s.sendto(b"x" * 3000, ("10.244.1.3", 9))'; sleep 0.2`
    expect(await count('filter', 'FORWARD', `${pair} -p udp`, send)).toBe(1)
  })
})
