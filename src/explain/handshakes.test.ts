import { describe, expect, it } from 'vitest'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { Emulation } from '../scenario/emulation.ts'
import { replay } from '../scenario/replay.ts'
import { carriedRecord, handshakesOf, lengthOf, readable } from './handshakes.ts'

describe('handshakes', () => {
  const inventory = readInput([scenarioPath('09-https-expired')])
  const emulation = new Emulation(inventory)
  replay(emulation, inventory.scenarios[0], [])
  const [refused, accepted] = handshakesOf(emulation.index)

  it('are those of each program, as its client saw them', () => {
    expect([refused.client, refused.server]).toEqual(['client', 'web'])
    const names = refused.rungs.map(({ event }) => ('message' in event ? event.message : event.kind))
    expect(names).toEqual(['ClientHello', 'ServerHello', 'EncryptedExtensions', 'Certificate', 'tls-alert'])
    expect(accepted.rungs.map(({ event }) => event.kind).slice(-3)).toContain('tls-record')
  })

  it('have the record that carried each message, sealed or not', () => {
    const records = refused.rungs.map(({ record }) => record?.protection?.innerType ?? record?.contentType)
    expect(records).toEqual(['handshake', 'handshake', 'handshake', 'handshake', 'alert'])
    const [hello, , extensions, certificate] = refused.rungs
    expect(hello.record?.length).toBe(lengthOf(hello))
    expect(extensions.record).toBe(certificate.record)
  })

  it('know the record of each message in the stream, and the packets that brought it', () => {
    for (const handshake of [refused, accepted])
      handshake.rungs.forEach(({ direction, event, record }, i) => {
        const carried = carriedRecord(handshake, i)
        expect(carried?.by).toBe(direction === 'sent' ? 'client' : 'server')
        expect(carried!.to - carried!.from + 1).toBe(5 + record!.length)
        if (event.kind === 'tls-message') expect(carried?.messages).toContain(event.message)
        const [packet] = carried!.segments[0].packets
        expect(handshake.way(packet.packet).at(-1)?.action).toBe('deliver')
      })
  })

  it('know both ends by their addresses, before and after the Service, and what is to be changed', () => {
    expect(refused.ends).toMatchObject({ asked: '10.96.0.80:443', server: '10.244.2.2:8443' })
    expect(refused.ends?.client).toMatch(/^10\.244\.1\.2:\d+$/)
    expect([refused.pod, refused.alert?.alert, accepted.alert]).toEqual(['web', 'certificate_expired', null])
  })

  it('keep what was decided after the message that it was decided by', () => {
    const kinds = refused.rungs[1].after.map(({ kind }) => kind)
    expect(kinds).toContain('tls-negotiation')
    expect(kinds).toContain('tls-derivation')
    expect(refused.certificates.at(-1)).toMatchObject({ kind: 'cert-verdict', ok: false })
  })

  it('bytes that are text are read as text', () => {
    expect([readable('776562'), readable('00ff'), readable('TLS 1.3')]).toEqual(['web', '00ff', 'TLS 1.3'])
  })
})
