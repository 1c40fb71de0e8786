import { describe, expect, it } from 'vitest'
import { handshakesOf } from '../../explain/handshakes.ts'
import { readInput } from '../../host/files.ts'
import { scenarioPath } from '../../host/shipped.ts'
import { Emulation } from '../../scenario/emulation.ts'
import { replay } from '../../scenario/replay.ts'
import { involvedIn } from '../../scenario/tls/involved.ts'
import { UNICODE } from '../theme/glyphs.ts'
import { agreedLine, type Detail, detailRows, ladderRows, rowOfRung } from './handshake.ts'
import { plainText } from './line.ts'

function played(name: string) {
  const inventory = readInput([scenarioPath(name)])
  const emulation = new Emulation(inventory)
  replay(emulation, inventory.scenarios[0], [])
  return handshakesOf(emulation.index, (connection) => involvedIn(emulation, connection))
}

const [whole, hole] = played('61-mlkem-mtu')
const [refused] = played('09-https-expired')
const [behind] = played('64-ingress-missing-secret')
const ladder = (handshake: typeof whole, rung = 0): string[] =>
  ladderRows(handshake, rung, UNICODE, 'wide').map((row) => plainText(row).trimEnd())
const detail = (handshake: typeof whole, rung: number, what: Detail): string =>
  detailRows(handshake, rung, what, UNICODE).map(plainText).join('\n')

describe('the ladder', () => {
  it('has both ends with their addresses, what the hello tells, whose keys begin where, and what TCP did', () => {
    const rows = ladder(whole)
    expect(rows[0]).toBe('     client              web')
    expect(rows[1]).toMatch(/^ {5}10\.244\.1\.2:\d+ +10\.244\.2\.2:8443$/)
    expect(rows).toContain('        sni web  alpn http/1.1')
    const notes = rows.flatMap((row, i) =>
      row.includes('from here --') ? [[row.trim(), rows[i + 1].trim().slice(0, 2).trim()]] : [],
    )
    expect(notes).toEqual([
      ['-- a tap reads nothing from here --', '3'],
      ['-- application keys from here --', '8'],
    ])
    expect(rows.at(-1)).toMatch(/^ tcp: \d+ data segments, none sent again$/)
  })

  it("begins with TCP's handshake, and counts the round trips before the answer", () => {
    const rows = ladder(whole).map((row) => row.replace(/[─←→]+/, '~').trim())
    expect(rows.slice(2, 6)).toEqual([
      'SYN ~  0.000 ms tcp',
      expect.stringMatching(/^~ SYN, ACK {2}\d\.\d{3} ms tcp$/),
      expect.stringMatching(/^-- round trip 1: \d\.\d{3} ms --$/),
      expect.stringMatching(/^ACK ~ {2}\d\.\d{3} ms tcp$/),
    ])
    const [opened, hello, answer] = whole.roundTrips.map(({ took }) => (took / 1e6).toFixed(3))
    expect(rows[3]).toContain(opened)
    expect(rows).toContain(`3 round trips: ${opened} + ${hello} + ${answer} ms`)
    expect(rows[rows.findIndex((row) => row.includes('round trip 2:')) - 1]).toContain('ServerHello')
    expect(rows[rows.findIndex((row) => row.includes('round trip 3:')) - 1]).toMatch(
      /NewSessionTicket|application data/,
    )
    expect(agreedLine(whole, 0, 1)).toContain(`RTT ${opened} ms`)
    const failed = refused.roundTrips.map(({ rung }) => rung)
    expect(failed).toEqual(['tcp', refused.rungs.findIndex(({ direction }) => direction === 'received')])
  })

  it('knows the row of each rung', () => {
    for (const handshake of [whole, refused])
      handshake.rungs.forEach((_, rung) => {
        const row = ladder(handshake, rung)[rowOfRung(handshake, rung, UNICODE)]
        expect(row).toMatch(new RegExp(`^ .  ?${rung + 1} `))
        expect(row).toContain(UNICODE.selected)
      })
  })

  it('says what never arrived, in the line of what was agreed on too', () => {
    expect(ladder(hole).at(-1)).toContain('record 1 of the client never arrived whole')
    expect(agreedLine(hole, 1, 4)).toBe('connection 2/4  client web  record 1 of the client never arrived whole')
  })
})

describe('the packets of a record', () => {
  it('are those of its bytes, with what changed each on its way', () => {
    const rows = detail(whole, 0, 'packets').split('\n')
    expect(rows[0]).toBe(' record 1 of the client: bytes 1-1471 of its stream')
    expect(rows).toHaveLength(3)
    expect(rows[1]).toMatch(
      /bytes 1-1398 {2}len 1450 .*⇄ node-1 veth\w+ {2}▣ node-1 flannel\.1 {2}▢ node-2 flannel\.1 {2}→ web$/,
    )
  })

  it('end at the hop that dropped them', () => {
    const rows = detail(hole, 0, 'packets').split('\n')
    expect(rows[1]).toMatch(/sent \d times .*✖ node-1 eth0: larger than the mtu.*node-2 has mtu 1400$/)
    expect(rows[2]).toMatch(/bytes 1399-1471 .*→ web$/)
  })

  it('an alert that ended it says what to change', () => {
    const rung = refused.rungs.findIndex(({ event }) => event.kind === 'tls-alert')
    const text = detail(refused, rung, 'record')
    expect(text).toContain('Object  Pod default/web, annotation podwire.dev/serve')
    expect(text).toMatch(/\n Fix {2}reissue the certificate/)
  })

  it('one because of an Ingress says which field of it', () => {
    const rung = behind.rungs.findIndex(({ event }) => event.kind === 'tls-alert')
    const text = detail(behind, rung, 'record')
    expect(text).toContain('server: sent its default certificate: Ingress shop/shop: spec.tls[0].secretName names')
    expect(text).toContain('\n Object  Ingress shop/shop: spec.tls[0].secretName\n')
    expect(text).toMatch(/\n Fix {2}copy Secret certificates\/shop-tls to Secret shop\/shop-tls/)
  })
})
