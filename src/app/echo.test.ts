import { describe, expect, it } from 'vitest'
import { sleep } from '../sim/process.ts'
import { MILLISECOND, SECOND } from '../sim/time.ts'
import { parseAddress } from '../util/address.ts'
import { text, utf8 } from '../util/bytes.ts'
import { tcpEcho, udpEcho } from './echo.ts'
import { AppLab } from './testing/lab.ts'
import { udpSend } from './udp-send.ts'

const B = parseAddress('10.244.2.2')!

describe('echo', () => {
  it('over UDP, and silence where nobody listens', () => {
    const net = new AppLab()
    const server = net.process(2, 1, 'udp-echo')
    udpEcho(server, 7)
    expect(net.run(net.process(1, 1, 'nc'), udpSend('10.244.2.2', 7, 'hello\n'))).toEqual({
      code: 0,
      output: ['hello'],
    })
    const refused = net.run(net.process(1, 1, 'nc'), udpSend('10.244.2.2', 9, 'hello'))
    expect(refused).toEqual({ code: 1, output: ['nc: recvfrom: Connection refused'] })
    server.kill()
    expect(net.run(net.process(1, 1, 'nc'), udpSend('10.244.2.2', 7, 'hello')).code).toBe(1)
    expect(net.run(net.process(1, 1, 'nc'), udpSend('nowhere', 7, 'hello')).code).toBe(1)
  })

  it('over TCP, until it is killed: the kernel closes what the process had open', () => {
    const net = new AppLab()
    const server = net.process(2, 1, 'tcp-echo')
    tcpEcho(server, 7)
    const { output } = net.run(net.process(1, 1, 'client'), function* (context) {
      const stream = yield* context.sockets.connect(B, 7)
      yield* stream.write(utf8('twice'))
      context.print(text((yield* stream.read(100))!))
      server.kill()
      context.print(String(yield* stream.read(100)))
      yield* sleep(MILLISECOND)
      return 0
    })
    expect(output).toEqual(['twice', 'null'])
  })

  it('killed with data unread, the other end is reset', () => {
    const net = new AppLab()
    const server = net.process(2, 1, 'deaf')
    server.sockets.listen('any', 7, () => {})
    const { code } = net.run(net.process(1, 1, 'client'), function* (context) {
      const stream = yield* context.sockets.connect(B, 7)
      yield* stream.write(utf8('nobody reads this'))
      yield* sleep(SECOND)
      server.kill()
      try {
        yield* stream.read(100)
        return 0
      } catch {
        return 104
      }
    })
    expect(code).toBe(104)
  })
})
