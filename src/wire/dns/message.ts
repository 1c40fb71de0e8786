import type { Codec, Reader } from '../../util/bytes.ts'
import { type Names, readName, writeName } from './name.ts'
import { type DnsRecord, readRecord, writeRecord } from './record.ts'

export interface Question {
  readonly name: string
  /** A number of `RECORD_TYPE`, `ANY`, or any other. */
  readonly type: number
  readonly class: number
}

/** RFC 1035 4.1, with the bits of RFC 4035 3. */
export interface DnsMessage {
  readonly id: number
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  /** The answer did not fit its datagram: ask again over TCP. */
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** The lower 4 bits; an OPT record holds the rest. */
  readonly rcode: number
  readonly questions: readonly Question[]
  readonly answers: readonly DnsRecord[]
  readonly authorities: readonly DnsRecord[]
  readonly additionals: readonly DnsRecord[]
}

/** RFC 1035 4.1.1; nameError is NXDOMAIN. */
export const RCODE = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const

/** Reads to the end of the last record counted; bytes after it are the caller's. */
export const dns: Codec<DnsMessage> = {
  name: 'dns',
  read(r) {
    const origin = r.offset
    const id = r.u16('id', 'hex')
    const flags = r.bits(FLAGS)
    const counts = [r.u16('questionCount'), r.u16('answerCount'), r.u16('authorityCount'), r.u16('additionalCount')]
    return {
      id,
      response: flags.response === 1,
      opcode: flags.opcode,
      authoritative: flags.authoritative === 1,
      truncated: flags.truncated === 1,
      recursionDesired: flags.recursionDesired === 1,
      recursionAvailable: flags.recursionAvailable === 1,
      authenticData: flags.authenticData === 1,
      checkingDisabled: flags.checkingDisabled === 1,
      rcode: flags.rcode,
      questions: times(counts[0], (i) => readQuestion(r, origin, `question[${i}].`)),
      answers: times(counts[1], (i) => readRecord(r, origin, `answer[${i}].`)),
      authorities: times(counts[2], (i) => readRecord(r, origin, `authority[${i}].`)),
      additionals: times(counts[3], (i) => readRecord(r, origin, `additional[${i}].`)),
    }
  },
  write(w, m) {
    const origin = w.length
    const names: Names = new Map()
    const bits = [m.authoritative, m.truncated, m.recursionDesired, m.recursionAvailable, false, m.authenticData]
    let flags = ((m.response ? 1 : 0) << 4) | m.opcode
    for (const bit of [...bits, m.checkingDisabled]) flags = (flags << 1) | (bit ? 1 : 0)
    w.u16(m.id).u16((flags << 4) | m.rcode)
    w.u16(m.questions.length).u16(m.answers.length).u16(m.authorities.length).u16(m.additionals.length)
    for (const question of m.questions) {
      writeName(w, question.name, origin, names)
      w.u16(question.type).u16(question.class)
    }
    for (const section of [m.answers, m.authorities, m.additionals]) {
      for (const record of section) writeRecord(w, record, origin, names)
    }
  },
}

const FLAGS = {
  response: 1,
  opcode: 4,
  authoritative: 1,
  truncated: 1,
  recursionDesired: 1,
  recursionAvailable: 1,
  reserved: 1,
  authenticData: 1,
  checkingDisabled: 1,
  rcode: 4,
} as const

function readQuestion(r: Reader, origin: number, prefix: string): Question {
  return {
    name: readName(r, origin, `${prefix}name`),
    type: r.u16(`${prefix}type`),
    class: r.u16(`${prefix}class`),
  }
}

/** Counts are not to be trusted: nothing is reserved for them, and the first item that is not there throws. */
function times<T>(count: number, read: (i: number) => T): T[] {
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(read(i))
  return items
}
