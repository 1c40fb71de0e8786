import fc from 'fast-check'
import { HTTPParser as Oracle } from 'http-parser-js'
import { describe, expect, test } from 'vitest'
import { linuxFrame } from '../../../test/support/vectors.ts'
import { concat, text, toHex, utf8 } from '../../util/bytes.ts'
import { Malformed } from '../../util/malformed.ts'
import { fromLatin1, type Header, headerOf, keepsAlive, type RequestHead, type ResponseHead, tokensOf } from './head.ts'
import { type HttpOutput, HttpParser } from './parser.ts'
import { withLength, writeChunk, writeLastChunk, writeRequest, writeResponse } from './writer.ts'

/** One message as a reader sees it whole. */
interface Message {
  head: RequestHead | ResponseHead
  body: string
  trailers: readonly Header[]
  complete: boolean
}

function collect(outputs: readonly HttpOutput[]): Message[] {
  const messages: Message[] = []
  for (const output of outputs) {
    const last = messages.at(-1)
    if (output.kind === 'request' || output.kind === 'response') {
      messages.push({ head: output.head, body: '', trailers: [], complete: false })
    } else if (last === undefined) throw new Error(`${output.kind} before a head`)
    else if (output.kind === 'end') Object.assign(last, { trailers: output.trailers, complete: true })
    else if (output.kind === 'body') last.body += toHex(output.bytes)
  }
  return messages
}

function parse(role: 'request' | 'response', input: string | Uint8Array, ...methods: string[]): Message[] {
  const parser = new HttpParser(role)
  for (const method of methods) parser.expect(method)
  const outputs = parser.push(typeof input === 'string' ? fromLatin1(input) : input)
  return collect([...outputs, ...parser.finish()])
}

const hex = (body: string): string => toHex(utf8(body))

describe('requests', () => {
  test('of a client on Linux', () => {
    const [message] = parse('request', linuxFrame('http-request').subarray(66))
    expect(message.head).toEqual({ method: 'GET', target: '/', version: '1.1', headers: [['Host', 'b']] })
    expect(message.complete).toBe(true)
  })

  test('the example of RFC 9112 2.1, twice over one connection, after an empty line', () => {
    const request =
      'GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n'
    const messages = parse('request', `\r\n${request}${request}`)
    expect(messages).toHaveLength(2)
    expect(headerOf(messages[1].head.headers, 'accept-language')).toBe('en, mi')
  })

  test('with a body of a length', () => {
    const [message] = parse('request', 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello')
    expect(message.body).toBe(hex('hello'))
    expect(parse('request', 'POST / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n')[0].complete).toBe(true)
  })

  test('with a chunked body, extensions and trailers (RFC 9112 7.1)', () => {
    const [message] = parse(
      'request',
      'POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\n00A \r\n, trailers\r\n0\r\nX-Sum: 1\r\n\r\n',
    )
    expect(message).toMatchObject({ body: hex('hello, trailers'), trailers: [['X-Sum', '1']], complete: true })
  })
})

describe('responses', () => {
  test('of a server on Linux', () => {
    const [message] = parse('response', linuxFrame('http-response').subarray(66))
    expect(message).toMatchObject({ head: { status: 204, reason: 'No Content', headers: [] }, complete: true })
  })

  test('without a length go on until the connection closes', () => {
    const parser = new HttpParser('response')
    const outputs = parser.push(utf8('HTTP/1.0 200 OK\r\n\r\nall of'))
    expect(collect(outputs)[0].complete).toBe(false)
    expect(collect([...outputs, ...parser.push(utf8(' it')), ...parser.finish()])[0]).toMatchObject({
      body: hex('all of it'),
      complete: true,
    })
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'],
  ])('that have no body: to %s, %j', (method, response) => {
    const [message, next] = parse('response', `${response}HTTP/1.1 204 No Content\r\n\r\n`, method, 'GET')
    expect(message).toMatchObject({ body: '', complete: true })
    expect(next.head).toMatchObject({ status: 204 })
  })

  test('100 Continue comes before the answer, and leaves its method alone', () => {
    const messages = parse(
      'response',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
      'HEAD',
    )
    expect(messages.map(({ head }) => 'status' in head && head.status)).toEqual([100, 200])
    expect(messages[1].complete).toBe(true)
  })

  test.each([
    ['CONNECT', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['GET', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ])('after which another protocol speaks: to %s', (method, response) => {
    const parser = new HttpParser('response')
    parser.expect(method)
    const outputs = [...parser.push(utf8(`${response}\u0000\r`)), ...parser.push(utf8('\n')), ...parser.finish()]
    expect(outputs.map(({ kind }) => kind)).toEqual(['response', 'end', 'tunnel', 'tunnel'])
  })
})

describe('refuses', () => {
  const get = 'GET / HTTP/1.1\r\n'
  test.each<[string, string, string]>([
    ['a bare LF', 'GET / HTTP/1.1\n\r\n', 'http.startLine at offset 14: expected CRLF at the end of a line, got LF'],
    ['a method that is no token', 'G@T / HTTP/1.1\r\n', 'http.method at offset 0: expected a token, got "G@T"'],
    ['two spaces', 'GET  / HTTP/1.1\r\n', 'http.target at offset 0'],
    ['a fourth part', 'GET / HTTP/1.1 x\r\n', 'http.startLine at offset 0'],
    ['no version (HTTP/0.9)', 'GET /\r\n', 'http.startLine at offset 0'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n', 'http.version at offset 0: expected HTTP/1.1, got "HTTP/2.0"'],
    ['a space before the colon', `${get}Host : a\r\n`, 'http.headerName at offset 16'],
    ['a folded line', `${get}A: b\r\n c\r\n`, 'http.headerName at offset 22'],
    ['no colon', `${get}Host\r\n`, 'http.headerName at offset 16: expected a token and a colon, got "Host"'],
    ['a control character', `${get}A: b\0c\r\n`, 'http.headerValue at offset 16'],
    ['a carriage return alone', `${get}A: b\rc\r\n`, 'http.headerValue at offset 16'],
    ['two lengths', `${get}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 'http.content-length at offset 54'],
    ['a negative length', `${get}Content-Length: -1\r\n\r\n`, 'expected one decimal number, got "-1"'],
    ['a length no number holds', `${get}Content-Length: 9999999999999999\r\n\r\n`, 'expected one decimal number'],
    ['a length beside chunks', `${get}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 'http.content-length'],
    ['a coding not known', `${get}Transfer-Encoding: gzip, chunked\r\n\r\n`, 'http.transfer-encoding'],
    ['chunks in HTTP/1.0', 'GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 'expected none in HTTP/1.0'],
    ['a chunk without a size', `${get}Transfer-Encoding: chunked\r\n\r\n\r\n`, 'http.chunkSize at offset 46'],
    [
      'a size that is no number',
      `${get}Transfer-Encoding: chunked\r\n\r\n0x5\r\n`,
      'expected hexadecimal digits, got "0x5"',
    ],
    ['a chunk longer than its size', `${get}Transfer-Encoding: chunked\r\n\r\n1\r\nabc`, 'http.chunkEnd at offset 50'],
  ])('%s', (_, request, message) => {
    expect(() => parse('request', request)).toThrow(message)
  })

  test.each<[string, string]>([
    ['HTTP/1.1 20 OK\r\n', 'http.startLine at offset 0'],
    ['HTTP/1.1 099 OK\r\n', 'http.status at offset 0: expected >= 100, got "099"'],
    ['HTTP/1.1 200 O\0K\r\n', 'http.reason at offset 0'],
    ['ICY 200 OK\r\n', 'http.version at offset 0: expected HTTP/1.1, got "ICY"'],
    ['\r\nHTTP/1.1 200 OK\r\n', 'http.startLine at offset 0'],
  ])('the response %j', (response, message) => {
    expect(() => parse('response', response)).toThrow(message)
  })

  test.each<[string, string]>([
    ['GET / HTT', 'http.start at offset 9: expected the rest of the message, got the end of the stream'],
    [`${get}A: b\r\n`, 'http.headers at offset 22'],
    [`${get}Content-Length: 2\r\n\r\na`, 'http.body at offset 38'],
    [`${get}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`, 'http.chunkSize at offset 52'],
  ])('a stream that ends in %j', (request, message) => {
    expect(() => parse('request', request)).toThrow(message)
  })
})

describe('limits', () => {
  const limits = { head: 64, headers: 2, chunkLine: 8 }
  const push = (input: string) => (): unknown => new HttpParser('request', limits).push(utf8(input))

  test('on a head, with or without the end of its lines', () => {
    expect(push(`GET /${'a'.repeat(40)} HTTP/1.1\r\n`)).not.toThrow()
    expect(push(`GET /${'a'.repeat(60)}`)).toThrow('http.startLine at offset 0: expected at most 64 bytes, got more')
    expect(push(`GET / HTTP/1.1\r\nA: ${'b'.repeat(60)}`)).toThrow(
      'http.headers at offset 16: expected at most 48 bytes',
    )
  })

  test('on the number of headers, and of trailers', () => {
    expect(push('GET / HTTP/1.1\r\na: 1\r\nb: 2\r\n\r\n')).not.toThrow()
    expect(push('GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n')).toThrow(
      'http.headers at offset 28: expected at most 2',
    )
    const chunked = 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(push(`${chunked}0\r\na:1\r\nb:2\r\nc:3\r\n`)).toThrow('at most 2')
    expect(push(`${chunked}0;aaaaaaaaaaaaaa`)).toThrow('http.chunkSize at offset 46: expected at most 8 bytes')
  })
})

const tokens = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/)
const values = fc.stringMatching(/^([!-~]([ -~]{0,20}[!-~])?)?$/)
const headers = fc.array(
  fc.tuple(
    tokens.filter((name) => !/^(content-length|transfer-encoding|connection|upgrade)$/i.test(name)),
    values,
  ),
  { maxLength: 5 },
)
const requests: fc.Arbitrary<RequestHead> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
  target: fc.webPath().map((path) => `/${path}`),
  version: fc.constant('1.1'),
  headers,
})
const responses: fc.Arbitrary<ResponseHead> = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
  reason: values,
  version: fc.constant('1.1'),
  headers,
})
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 4 })

/** A message on the wire, and what a reader must make of it. */
function written(head: RequestHead | ResponseHead, parts: Uint8Array[], trailers: readonly Header[] | null) {
  const body = concat(parts)
  const framed: readonly Header[] =
    trailers === null ? withLength(head.headers, body) : [...head.headers, ['transfer-encoding', 'chunked']]
  const whole = { ...head, headers: framed }
  const bytes = concat([
    'method' in whole ? writeRequest(whole) : writeResponse(whole),
    ...(trailers === null ? [body] : [...parts.map(writeChunk), writeLastChunk(trailers)]),
  ])
  return { bytes, message: { head: whole, body: toHex(body), trailers: trailers ?? [], complete: true } }
}

const messages = (heads: fc.Arbitrary<RequestHead | ResponseHead>) =>
  fc.tuple(heads, chunks, fc.option(headers)).map(([head, parts, trailers]) => written(head, parts, trailers))

describe('streams', () => {
  test.each(['request', 'response'] as const)('%ss come out the same however they are cut', (role) => {
    const heads = role === 'request' ? requests : responses
    fc.assert(
      fc.property(fc.array(messages(heads), { maxLength: 3 }), fc.array(fc.nat(30), { minLength: 1 }), (all, cuts) => {
        const stream = concat(all.map(({ bytes }) => bytes))
        const parser = new HttpParser(role)
        const outputs: HttpOutput[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] + 1
          outputs.push(...parser.push(stream.slice(at, at + size)))
          at += size
        }
        outputs.push(...parser.finish())
        expect(collect(outputs)).toEqual(all.map(({ message }) => message))
      }),
    )
  })

  test('any other bytes are Malformed, or messages', () => {
    const damaged = fc.tuple(messages(requests), fc.nat(), fc.nat(255)).map(([{ bytes }, at, value]) => {
      bytes[at % bytes.length] = value
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        try {
          parse('request', bytes)
          parse('response', bytes)
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
          expect(error.offset).toBeLessThanOrEqual(bytes.length)
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** The same stream as http-parser-js reads it. */
function oracle(role: 'request' | 'response', bytes: Uint8Array): Message[] {
  const read: Message[] = []
  const parser = new Oracle(role === 'request' ? Oracle.REQUEST : Oracle.RESPONSE)
  const pairs = (flat: readonly string[]): Header[] =>
    Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])
  const onHead = (info: {
    method: number
    url: string
    statusCode: number
    statusMessage: string
    headers: string[]
  }): void => {
    const head =
      role === 'request'
        ? { method: Oracle.methods[info.method], target: info.url }
        : { status: info.statusCode, reason: info.statusMessage }
    read.push({
      head: { ...head, version: '1.1', headers: pairs(info.headers) } as RequestHead,
      body: '',
      trailers: [],
      complete: false,
    })
  }
  parser[Oracle.kOnHeadersComplete] = onHead as never
  parser[Oracle.kOnHeaders] = (flat) => Object.assign(read[read.length - 1], { trailers: pairs(flat) })
  parser[Oracle.kOnBody] = (chunk, offset, length) => {
    read[read.length - 1].body += chunk.subarray(offset, offset + length).toString('hex')
  }
  parser[Oracle.kOnMessageComplete] = () => {
    read[read.length - 1].complete = true
  }
  const result = parser.execute(Buffer.from(bytes))
  if (result instanceof Error) throw result
  return read
}

describe('http-parser-js', () => {
  test.each(['request', 'response'] as const)('reads the %ss that we write as we do', (role) => {
    const heads = role === 'request' ? requests : responses
    fc.assert(
      fc.property(fc.array(messages(heads), { minLength: 1, maxLength: 3 }), (all) => {
        const stream = concat(all.map(({ bytes }) => bytes))
        expect(oracle(role, stream)).toEqual(parse(role, stream))
      }),
    )
  })
})

describe('writers', () => {
  test('write what people read', () => {
    const request = { method: 'GET', target: '/', version: '1.1', headers: [['Host', 'web']] } as const
    expect(text(writeRequest(request))).toBe('GET / HTTP/1.1\r\nHost: web\r\n\r\n')
    const response = { status: 503, reason: 'Service Unavailable', version: '1.1', headers: [] } as const
    expect(text(writeResponse(response))).toBe('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    expect(text(writeChunk(utf8('0123456789abcdef')))).toBe('10\r\n0123456789abcdef\r\n')
    expect(writeChunk(new Uint8Array(0)).length).toBe(0)
    expect(withLength([['content-length', '9']], utf8('hi'))).toEqual([['content-length', '9']])
  })

  const request: RequestHead = { method: 'GET', target: '/', version: '1.1', headers: [] }
  test.each<[string, Partial<RequestHead>]>([
    ['a header in a value', { headers: [['a', 'b\r\nc: d']] }],
    ['a value that would be trimmed', { headers: [['a', ' b']] }],
    ['a character above a byte', { headers: [['a', '가']] }],
    ['a name that is no token', { headers: [['a b', 'c']] }],
    ['a method that is no token', { method: 'GE T' }],
    ['a target with a space', { target: '/ x' }],
  ])('refuse %s', (_, change) => {
    expect(() => writeRequest({ ...request, ...change })).toThrow(RangeError)
  })

  test('refuse a status or a reason that is none', () => {
    const response: ResponseHead = { status: 200, reason: 'OK', version: '1.1', headers: [] }
    expect(() => writeResponse({ ...response, status: 20 })).toThrow(RangeError)
    expect(() => writeResponse({ ...response, reason: 'a\nb' })).toThrow(RangeError)
  })
})

test('whether a connection stays open (RFC 9112 9.3)', () => {
  const head = (version: '1.0' | '1.1', connection?: string): RequestHead => ({
    method: 'GET',
    target: '/',
    version,
    headers: connection === undefined ? [] : [['Connection', connection]],
  })
  expect(keepsAlive(head('1.1'))).toBe(true)
  expect(keepsAlive(head('1.1', 'Upgrade, Close'))).toBe(false)
  expect(keepsAlive(head('1.0'))).toBe(false)
  expect(keepsAlive(head('1.0', 'keep-alive'))).toBe(true)
  expect(
    tokensOf(
      [
        ['TE', 'a, , B'],
        ['te', 'c'],
      ],
      'te',
    ),
  ).toEqual(['a', 'b', 'c'])
})
