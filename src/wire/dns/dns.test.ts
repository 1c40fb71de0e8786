import * as oracle from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codecLaws } from '../../../test/support/codec-laws.ts'
import { bytes, u8, u16, u32, v4s, v6s } from '../../../test/support/wire.ts'
import { formatAddress, v4, v6 } from '../../util/address.ts'
import { decode, encode, fromHex, utf8 } from '../../util/bytes.ts'
import { type DnsMessage, dns, RCODE } from './message.ts'
import { parseName } from './name.ts'
import { type DnsRecord, IN, RECORD_TYPE, typeName } from './record.ts'

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/)
/** Few labels, so that names share suffixes and compression has something to do. */
const names = fc
  .array(fc.oneof(fc.constantFrom('web', 'default', 'svc', 'cluster', 'local'), label), { maxLength: 5 })
  .map((labels) => (labels.length === 0 ? '.' : labels.join('.')))

const plainRecords: fc.Arbitrary<DnsRecord> = fc.oneof<fc.Arbitrary<DnsRecord>[]>(
  fc.record({ name: names, ttl: u32, type: fc.constant('A'), address: v4s }),
  fc.record({ name: names, ttl: u32, type: fc.constant('AAAA'), address: v6s }),
  fc.record({ name: names, ttl: u32, type: fc.constantFrom('CNAME', 'NS', 'PTR'), target: names }),
  fc.record({ name: names, ttl: u32, type: fc.constant('SRV'), priority: u16, weight: u16, port: u16, target: names }),
  fc.record({
    name: names,
    ttl: u32,
    type: fc.constant('TXT'),
    strings: fc.array(bytes(20), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    name: names,
    ttl: u32,
    type: fc.constant('SOA'),
    primary: names,
    mailbox: names,
    serial: u32,
    refresh: u32,
    retry: u32,
    expire: u32,
    minimum: u32,
  }),
)

const records: fc.Arbitrary<DnsRecord> = fc.oneof(
  { weight: 5, arbitrary: plainRecords },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('OPT'),
      udpSize: u16,
      extendedRcode: u8,
      version: u8,
      dnssecOk: fc.boolean(),
      options: fc.array(fc.record({ code: u16, data: bytes(10) }), { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: names,
      ttl: u32,
      type: fc.constant('unknown'),
      number: fc.constantFrom(15, 65, 257),
      class: fc.constantFrom(1, 3, 254),
      data: bytes(20),
    }),
  },
)

const messages = (record: fc.Arbitrary<DnsRecord>): fc.Arbitrary<DnsMessage> =>
  fc.record({
    id: u16,
    response: fc.boolean(),
    opcode: fc.nat(15),
    authoritative: fc.boolean(),
    truncated: fc.boolean(),
    recursionDesired: fc.boolean(),
    recursionAvailable: fc.boolean(),
    authenticData: fc.boolean(),
    checkingDisabled: fc.boolean(),
    rcode: fc.nat(15),
    questions: fc.array(fc.record({ name: names, type: u16, class: u16 }), { maxLength: 2 }),
    answers: fc.array(record, { maxLength: 3 }),
    authorities: fc.array(record, { maxLength: 2 }),
    additionals: fc.array(record, { maxLength: 2 }),
  })

codecLaws(dns, messages(records))

const query: DnsMessage = {
  id: 0x1d4e,
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: RCODE.noError,
  questions: [{ name: 'web.default.svc.cluster.local', type: RECORD_TYPE.A, class: IN }],
  answers: [],
  authorities: [],
  additionals: [],
}

test('a query, byte by byte (RFC 1035 4.1)', () => {
  const bytesOfQuery = fromHex(`1d4e 0100 0001 0000 0000 0000
    03 776562 07 64656661756c74 03 737663 07 636c7573746572 05 6c6f63616c 00 0001 0001`)
  expect(encode(dns, query)).toEqual(bytesOfQuery)
  expect(decode(dns, bytesOfQuery)).toEqual(query)
})

test('the names of RFC 1035 4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA and the root', () => {
  const questions = ['F.ISI.ARPA', 'FOO.F.ISI.ARPA', 'ARPA', '.'].map((name) => ({ name, type: 1, class: 1 }))
  const written = encode(dns, { ...query, questions })
  expect(written.subarray(12)).toEqual(
    fromHex('0146 03495349 0441525041 00 00010001  03464f4f c00c 00010001  c012 00010001  00 00010001'),
  )
  expect(decode(dns, written).questions).toEqual(questions)
})

test('an answer of CoreDNS: owner compressed, SRV target not (RFC 2782)', () => {
  const answer: DnsMessage = {
    ...query,
    response: true,
    authoritative: true,
    recursionAvailable: true,
    questions: [{ name: '_http._tcp.web.default.svc.cluster.local', type: RECORD_TYPE.SRV, class: IN }],
    answers: [
      {
        name: '_http._tcp.web.default.svc.cluster.local',
        ttl: 30,
        type: 'SRV',
        priority: 0,
        weight: 100,
        port: 80,
        target: 'web.default.svc.cluster.local',
      },
    ],
    additionals: [{ name: 'web.default.svc.cluster.local', ttl: 30, type: 'A', address: v4('10.96.0.80') }],
  }
  const written = encode(dns, answer)
  expect(written.subarray(58, 60)).toEqual(fromHex('c00c'))
  expect(decode(dns, written)).toEqual(answer)
})

describe('names', () => {
  test('keep any byte, escaped as in a master file (RFC 1035 5.1)', () => {
    const name = 'a\\.b.c\\\\d.\\000\\255\\032.x'
    const written = encode(dns, { ...query, questions: [{ name, type: 1, class: 1 }] })
    expect(written.subarray(12, 28)).toEqual(fromHex('03 61 2e 62 03 63 5c 64 03 00 ff 20 01 78 00 00'))
    expect(decode(dns, written).questions[0].name).toBe(name)
  })

  test('may end in a dot', () => {
    expect(parseName('a.b.')).toEqual(parseName('a.b'))
  })

  test.each(['', 'a..b', '.a', 'x'.repeat(64), `${'x'.repeat(50)}.`.repeat(5), 'ü', '\\', '\\256'])(
    '%j is none',
    (name) => {
      expect(() => parseName(name)).toThrow(RangeError)
    },
  )

  test.each([
    ['a pointer to itself', 'c00c', 'question[0].name at offset 12: expected a pointer to an earlier name, got 12'],
    ['a pointer forward', 'c020', 'question[0].name at offset 12: expected a pointer to an earlier name, got 32'],
    ['two that chase each other', '0161 c00c', 'question[0].name at offset 14: expected a pointer to an earlier name'],
    ['a reserved label type', '4161', 'question[0].name at offset 12: expected a label of at most 63 bytes, got 65'],
    ['a label cut short', '0561', 'question[0].name at offset 12: expected 6 bytes, got 2 bytes'],
    ['no end', '0161', 'question[0].name at offset 14: expected 1 bytes, got 0 bytes'],
    [
      '256 bytes',
      `${'013f'.repeat(127)}013f00`,
      'question[0].name at offset 266: expected a name of at most 255 bytes',
    ],
  ])('%s is malformed', (_, hex, message) => {
    expect(() => decode(dns, fromHex(`0000 0000 0001 0000 0000 0000 ${hex}`))).toThrow(message)
  })

  test.each([
    [100, true],
    [200, false],
  ])('a chain of %i pointers is read: %s', (length, fine) => {
    // The first name is the root, at 12; each further one points at the one before it.
    const chain = Array.from({ length }, (_, i) => (0xc000 | (i === 0 ? 12 : 11 + 6 * i)).toString(16))
    const count = (length + 1).toString(16).padStart(4, '0')
    const hex = `0000 0000 ${count} 0000 0000 0000 00 0001 0001 ${chain.map((pointer) => `${pointer} 0001 0001`).join('')}`
    if (fine) expect(decode(dns, fromHex(hex)).questions.every(({ name }) => name === '.')).toBe(true)
    else expect(() => decode(dns, fromHex(hex))).toThrow('expected at most 127 pointers')
  })
})

describe('records', () => {
  const record = (hex: string): Uint8Array => fromHex(`0000 8000 0000 0001 0000 0000 ${hex}`)
  test.each([
    ['an address of 3 bytes', '00 0001 0001 00000000 0003 0a0000', 'answer[0].address at offset 23: expected 4 bytes'],
    ['an address of 5 bytes', '00 0001 0001 00000000 0005 0a00000000', 'end at offset 27: expected no further bytes'],
    [
      'data beyond the message',
      '00 0001 0001 00000000 0004 0a0000',
      'dataLength at offset 21: expected 4 bytes to follow',
    ],
    ['an OPT with a name', '016100 0029 0001 00000000 0000', 'expected the root, for OPT (RFC 6891 6.1.2), got a'],
    [
      'a string beyond its data',
      '00 0010 0001 00000000 0002 0361',
      'textLength at offset 23: expected 3 bytes to follow',
    ],
  ])('%s is malformed', (_, hex, message) => {
    expect(() => decode(dns, record(hex))).toThrow(message)
  })

  test('of another class are kept as they came', () => {
    expect(decode(dns, record('00 0001 0003 00000000 0001 ff')).answers[0]).toMatchObject({
      type: 'unknown',
      number: 1,
      class: 3,
      data: fromHex('ff'),
    })
  })

  test('have names', () => {
    expect([1, 28, 33, 65, 255].map(typeName)).toEqual(['A', 'AAAA', 'SRV', 'TYPE65', 'ANY'])
  })
})

describe('dns-packet', () => {
  test('reads what we write', () => {
    fc.assert(
      fc.property(messages(plainRecords), (message) => {
        const theirs = oracle.decode(Buffer.from(encode(dns, message)))
        expect(theirs.id).toBe(message.id)
        expect(theirs.flag_tc).toBe(message.truncated)
        expect(theirs.answers?.map(summaryOfTheirs)).toEqual(message.answers.map(summaryOfOurs))
        expect(theirs.authorities?.map(summaryOfTheirs)).toEqual(message.authorities.map(summaryOfOurs))
        expect(theirs.questions?.map(({ name }) => name)).toEqual(message.questions.map(({ name }) => name))
      }),
    )
  })

  test('is read by us', () => {
    fc.assert(
      fc.property(messages(plainRecords), (message) => {
        const answers = message.answers.map(toTheirs)
        const questions = [{ name: 'web.default', type: 'A' as const }]
        const written = oracle.encode({ type: 'response', id: message.id, questions, answers })
        const ours = decode(dns, Uint8Array.from(written))
        expect(ours.response).toBe(true)
        expect(ours.questions[0].name).toBe('web.default')
        expect(ours.answers).toEqual(message.answers)
      }),
    )
  })

  test('agrees on OPT', () => {
    const options: oracle.PacketOpt[] = [{ code: 12, length: 8 }]
    const written = oracle.encode({
      type: 'query',
      id: 1,
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0x8000,
          flag_do: true,
          options,
        },
      ],
    })
    expect(decode(dns, Uint8Array.from(written)).additionals).toEqual([
      {
        type: 'OPT',
        udpSize: 1232,
        extendedRcode: 0,
        version: 0,
        dnssecOk: true,
        options: [{ code: 12, data: new Uint8Array(8) }],
      },
    ])
  })
})

function summaryOfOurs(record: DnsRecord): unknown[] {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return [record.type, record.name, record.ttl, formatAddress(record.address)]
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return [record.type, record.name, record.ttl, record.target]
    case 'SRV':
      return [record.type, record.name, record.ttl, record.priority, record.weight, record.port, record.target]
    case 'TXT':
      return [record.type, record.name, record.ttl, ...record.strings.map((s) => Buffer.from(s).toString('hex'))]
    case 'SOA':
      return [record.type, record.name, record.ttl, record.primary, record.mailbox, record.serial, record.minimum]
    default:
      return [record.type]
  }
}

function summaryOfTheirs(answer: oracle.Answer): unknown[] {
  if (answer.type === 'OPT') return [answer.type]
  const head = [answer.type, answer.name, answer.ttl]
  switch (answer.type) {
    case 'A':
      return [...head, answer.data]
    case 'AAAA':
      return [...head, formatAddress(v6(answer.data))]
    case 'SRV':
      return [...head, answer.data.priority, answer.data.weight, answer.data.port, answer.data.target]
    case 'TXT':
      return [...head, ...[answer.data].flat().map((s) => Buffer.from(s).toString('hex'))]
    case 'SOA':
      return [...head, answer.data.mname, answer.data.rname, answer.data.serial, answer.data.minimum]
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return [...head, answer.data]
    default:
      throw new Error(`unexpected ${answer.type}`)
  }
}

function toTheirs(record: DnsRecord): oracle.Answer {
  if (record.type === 'OPT' || record.type === 'unknown') throw new Error(`unexpected ${record.type}`)
  const { name, ttl, type } = record
  switch (type) {
    case 'A':
    case 'AAAA':
      return { name, ttl, type, data: formatAddress(record.address) }
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { name, ttl, type, data: record.target }
    case 'SRV':
      return { name, ttl, type, data: record }
    case 'TXT':
      return { name, ttl, type, data: record.strings.map((s) => Buffer.from(s)) }
    case 'SOA':
      return { name, ttl, type, data: { ...record, mname: record.primary, rname: record.mailbox } }
  }
}

test('UTF-8 is bytes like any other', () => {
  const strings = [utf8('grün')]
  const message = { ...query, answers: [{ name: 'a', ttl: 0, type: 'TXT' as const, strings }] }
  expect(decode(dns, encode(dns, message)).answers[0]).toEqual(message.answers[0])
})
