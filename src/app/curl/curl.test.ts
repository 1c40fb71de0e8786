import { describe, expect, it } from 'vitest'
import { atOnce, type Process, sleep } from '../../sim/process.ts'
import { MILLISECOND, SECOND } from '../../sim/time.ts'
import { parseAddress } from '../../util/address.ts'
import { text, utf8 } from '../../util/bytes.ts'
import { echoPage } from '../http/echo-page.ts'
import { serveHttp } from '../http/server.ts'
import { Hosts } from '../names.ts'
import type { PodProcess } from '../pod-process.ts'
import { AppLab } from '../testing/lab.ts'
import { curl, fetch } from './curl.ts'
import type { CurlOptions } from './options.ts'

const WEB = '10.244.2.2'

/** A lab with an HTTP server in pod 2-1 on port 80, and raw servers as a test wants them on 81. */
function lab(raw?: (server: PodProcess) => void) {
  const net = new AppLab()
  const server = net.process(2, 1, 'http-server')
  serveHttp(server, { port: 80, respond: echoPage(server) })
  if (raw !== undefined) raw(net.process(2, 1, 'raw'))
  return { net, server }
}

function get(net: AppLab, url: string, options: CurlOptions = {}) {
  const names = new Hosts([['web', [parseAddress(WEB)!]]])
  return net.run(
    net.process(1, 1, 'curl', () => names),
    curl(url, options),
  )
}

/** Reads the request, then does this. */
function answering(script: (stream: Parameters<Parameters<PodProcess['sockets']['listen']>[2]>[0]) => Process) {
  return (server: PodProcess): void => {
    server.sockets.listen('any', 81, (stream) =>
      server.fork(
        (function* () {
          yield* stream.read(4096)
          yield* script(stream)
        })(),
        'script',
      ),
    )
  }
}

describe('curl against the HTTP server', () => {
  it('-v prints what curl prints', () => {
    const { net, server } = lab()
    const { code, output } = get(net, 'http://web/hello?x=1', { verbose: true })
    expect(code).toBe(0)
    const port = /Client: 10\.244\.1\.2:(\d+)/.exec(output.join('\n'))?.[1]
    expect(output).toEqual([
      '*   Trying 10.244.2.2:80...',
      '* Connected to web (10.244.2.2) port 80 (#0)',
      '> GET /hello?x=1 HTTP/1.1',
      '> Host: web',
      '> User-Agent: curl/7.88.1',
      '> Accept: */*',
      '> ',
      '< HTTP/1.1 200 OK',
      '< Date: Thu, 01 Jan 2026 00:00:00 GMT',
      '< Content-Type: text/plain',
      '< content-length: 140',
      '< ',
      '* Connection #0 to host web left intact',
      `Hostname: ${server.hostname}`,
      'Server: 10.244.2.2:80',
      `Client: 10.244.1.2:${port}`,
      'Request: GET /hello?x=1',
      '  host: web',
      '  user-agent: curl/7.88.1',
      '  accept: */*',
    ])
  })

  it('-I, -i and -d', () => {
    const { net } = lab()
    const head = get(net, `http://${WEB}/`, { head: true })
    expect(head.output[0]).toBe('HTTP/1.1 200 OK')
    expect(head.output.join('\n')).not.toContain('Hostname')
    const post = get(net, `http://${WEB}/`, { data: utf8('a=1'), include: true })
    expect(post.output).toContain('Request: POST /')
    expect(post.output).toContain('  content-length: 3')
  })

  it('records request and response at the client, and the request at the server with the packet as its cause', () => {
    const { net } = lab()
    get(net, `http://${WEB}/`)
    const steps = net.lab.steps()
    const requests = steps.filter(({ event }) => event.kind === 'http-request')
    expect(requests.map(({ place }) => net.lab.kernel.recorder.places[place].node)).toEqual(['node-1', 'node-2'])
    const causes = new Set<number>()
    for (let at = requests[1]; at !== undefined; at = steps.find(({ id }) => id === at.cause)!) causes.add(at.id)
    expect(causes).toContain(requests[0].id)
    expect(steps.find(({ event }) => event.kind === 'http-response')?.event).toMatchObject({ status: 200 })
  })

  it('the connection is closed in order', () => {
    const { net } = lab()
    get(net, `http://${WEB}/`)
    net.lab.run()
    const ends = net.lab.steps().flatMap(({ event }) => (event.kind === 'tcp-state' ? [event.to] : []))
    expect(ends).toContain('TIME-WAIT')
    expect(ends.at(-1)).toBe('CLOSED')
  })
})

describe('curl exit codes', () => {
  it('1 and 3: bad URLs', () => {
    const { net } = lab()
    const bad = get(net, 'gopher://web/')
    expect([bad.code, bad.output]).toEqual([1, ['curl: (1) Protocol "gopher" not supported or disabled in libcurl']])
    expect(get(net, 'http://').code).toBe(3)
    expect(get(net, 'http://[::1/').code).toBe(3)
    expect(get(net, 'http://web:70000/').code).toBe(3)
  })

  it('6: a name nobody knows', () => {
    const { net } = lab()
    expect(get(net, 'http://nowhere/').output).toEqual(['curl: (6) Could not resolve host: nowhere'])
  })

  it('7: a closed port; a host that is not there', () => {
    const { net } = lab()
    const refused = get(net, `http://${WEB}:9/`, { verbose: true })
    expect(refused.code).toBe(7)
    expect(refused.output).toEqual([
      '*   Trying 10.244.2.2:9...',
      '* connect to 10.244.2.2 port 9 failed: Connection refused',
      expect.stringMatching(/^\* Failed to connect to 10\.244\.2\.2 port 9 after \d+ ms: Couldn't connect to server$/),
      '* Closing connection 0',
      expect.stringMatching(/^curl: \(7\) Failed to connect/),
    ])
    const absent = get(net, 'http://10.244.2.77/', { verbose: true })
    expect(absent.code).toBe(7)
    expect(absent.output[1]).toBe('* connect to 10.244.2.77 port 80 failed: No route to host')
  })

  it('28: silence, by each of its limits', () => {
    const { net } = lab()
    net.lab.pod(2, 2).namespace.transport = { receive: () => 'delivered', error: () => {} }
    const slow = get(net, 'http://10.244.2.3/', { connectTimeout: SECOND })
    expect(slow.output.at(-1)).toBe(
      'curl: (28) Failed to connect to 10.244.2.3 port 80 after 1000 ms: Timeout was reached',
    )
    const limited = get(net, 'http://10.244.2.3/', { maxTime: 2 * SECOND })
    expect(limited.output).toEqual(['curl: (28) Connection timed out after 2000 milliseconds'])
    const kernel = get(net, 'http://10.244.2.3/')
    expect(kernel.code).toBe(28)
    expect(kernel.output[0]).toMatch(/after 13\d{4} ms: Couldn't connect to server$/)
  })

  it('28: an answer that stays out, or stops halfway', () => {
    const { net } = lab(
      answering(function* (stream) {
        yield* stream.write(utf8('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'))
        yield* sleep(60 * SECOND)
      }),
    )
    const { code, output } = get(net, `http://${WEB}:81/`, { maxTime: SECOND })
    expect(code).toBe(28)
    expect(output).toEqual([
      'abc',
      'curl: (28) Operation timed out after 1000 milliseconds with 3 out of 10 bytes received',
    ])
  })

  it.each([
    [52, '', 'Empty reply from server'],
    [18, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'transfer closed with 7 bytes remaining to read'],
    [1, 'SSH-2.0-x\r\n', 'Received HTTP/0.9 when not allowed'],
  ])('%i: the server sends %j and closes', (code, answer, message) => {
    const { net } = lab(
      answering(function* (stream) {
        yield* stream.write(utf8(answer))
        stream.close()
      }),
    )
    const result = get(net, `http://${WEB}:81/`)
    expect(result.code).toBe(code)
    expect(result.output.at(-1)).toBe(`curl: (${code}) ${message}`)
  })

  it('56: reset instead of an answer', () => {
    const { net } = lab(
      answering(function* (stream) {
        yield* sleep(MILLISECOND)
        stream.abort()
      }),
    )
    expect(get(net, `http://${WEB}:81/`).output).toEqual(['curl: (56) Recv failure: Connection reset by peer'])
  })

  it('22: an error status with -f', () => {
    const { net } = lab()
    const server = net.process(2, 2, 'http-server')
    serveHttp(server, {
      port: 80,
      respond: () => atOnce({ status: 503, headers: [], body: utf8('no\n') }),
    })
    expect(get(net, 'http://10.244.2.3/').output).toEqual(['no'])
    expect(get(net, 'http://10.244.2.3/', { fail: true }).output).toEqual([
      'curl: (22) The requested URL returned error: 503',
    ])
  })

  it('a server that is killed in the middle: reset or end, as the kernel has it', () => {
    const { net, server } = lab()
    net.lab.kernel.simulation.post(0, () => server.kill(), null)
    const { code } = get(net, `http://${WEB}/`)
    expect(code).toBe(7)
  })
})

describe('Happy Eyeballs', () => {
  const silent = '10.244.2.3'

  function talkTo(...addresses: string[]) {
    const { net } = lab()
    net.lab.pod(2, 2).namespace.transport = { receive: () => 'delivered', error: () => {} }
    const names = new Hosts([['many', addresses.map((address) => parseAddress(address)!)]])
    const process = net.process(1, 1, 'curl', () => names)
    return { net, ...net.run(process, curl('http://many/', { verbose: true, connectTimeout: SECOND })) }
  }

  it('the next address of a family is tried when half of the time is gone', () => {
    const { code, output, net } = talkTo(silent, WEB)
    expect(code).toBe(0)
    expect(output.slice(0, 4)).toEqual([
      '*   Trying 10.244.2.3:80...',
      '* ipv4 connect timeout after 500ms, move on!',
      '*   Trying 10.244.2.2:80...',
      '* Connected to many (10.244.2.2) port 80 (#0)',
    ])
    expect(net.lab.kernel.simulation.now).toBeLessThan(600 * MILLISECOND)
  })

  it('the other family is tried 200 ms after the first', () => {
    const { output, net } = talkTo(silent, '::1')
    expect(output.slice(0, 2)).toEqual(['*   Trying 10.244.2.3:80...', '*   Trying [::1]:80...'])
    const lines = net.lab.steps().filter(({ event }) => event.kind === 'output')
    expect(lines[1].at - lines[0].at).toBe(200 * MILLISECOND)
  })
})

describe('fetch', () => {
  it('gives status, headers and body, over a stream that another protocol lies on', () => {
    const { net } = lab()
    const seen: string[] = []
    const process = net.process(1, 1, 'curl')
    let status: number | null = 0
    let body = ''
    net.run(process, function* (context) {
      const result = yield* fetch(context, `https://${WEB}:80/`, {
        upgrades: {
          https(stream, url) {
            seen.push(url.host)
            return atOnce(stream)
          },
        },
      })
      status = result.status
      body = text(result.body)
      return result.code
    })
    expect([seen, status]).toEqual([[WEB], 200])
    expect(body).toContain('Request: GET /')
  })
})
