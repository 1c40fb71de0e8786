import { describe, expect, it } from 'vitest'
import { readInput } from '../../host/files.ts'
import { scenarioPath } from '../../host/shipped.ts'
import { Emulation } from '../../scenario/emulation.ts'
import { runScenario } from '../../scenario/run.ts'
import { tlsConnections } from '../tls-connections.ts'
import { type Carried, carriedBy } from './segments.ts'

function played(name: string): Carried[] {
  const inventory = readInput([scenarioPath(name)])
  const emulation = new Emulation(inventory)
  runScenario(emulation, inventory.scenarios[0])
  return tlsConnections(emulation.recorder).map((connection) => carriedBy(emulation.index, connection))
}

describe('records in TCP segments', () => {
  const [whole, hole, small, cured] = played('61-mlkem-mtu')

  it('follow each other without gaps, and their segments hold all of their bytes', () => {
    for (const { records } of [whole, hole, small, cured, ...played('52-hello-retry'), ...played('54-mtls')]) {
      for (const by of ['client', 'server'] as const) {
        const own = records.filter((record) => record.by === by)
        own.forEach(({ record, from, to, segments }, i) => {
          expect([record, from]).toEqual([i + 1, i === 0 ? 1 : own[i - 1].to + 1])
          const covered = new Set(segments.flatMap((one) => numbers(Math.max(from, one.from), Math.min(to, one.to))))
          expect(covered.size).toBe(to - from + 1)
        })
      }
    }
  })

  it('a ClientHello with an ML-KEM share takes two, one with small shares one', () => {
    const hello = ({ records }: Carried) => records.find(({ messages }) => messages.includes('ClientHello'))
    expect([whole, small, cured].map((one) => hello(one)?.segments.length)).toEqual([2, 1, 2])
    expect(whole.records.every(({ arrived }) => arrived)).toBe(true)
    expect(whole.lost).toBe(null)
  })

  it('in a black hole: the record, the segment, the hop; the SYN passed', () => {
    const { lost, syn } = hole
    expect(syn?.length).toBe(60)
    expect(lost).toMatchObject({
      record: 1,
      by: 'client',
      messages: ['ClientHello'],
      from: 1,
      to: 1471,
      arrived: false,
    })
    const [full, rest] = lost!.segments
    expect([full.from, full.to, rest.from, rest.to]).toEqual([1, 1398, 1399, 1471])
    expect(full.packets.length).toBeGreaterThan(3)
    for (const { lost: where } of full.packets)
      expect(where).toMatchObject({ hop: 10, node: 'node-1', device: 'eth0', reason: 'too-big', length: 1500 })
    expect(rest.packets.map(({ lost: where }) => where)).toEqual([null])
  })
})

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
