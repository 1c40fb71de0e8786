import { describe, expect, it } from 'vitest'
import { podLives } from '../explain/pod-lives.ts'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { SECOND } from '../sim/time.ts'
import { Emulation } from './emulation.ts'
import { type RecordedAction, replay } from './replay.ts'

const kill = (name: string, at: number): RecordedAction => ({
  at: at * SECOND,
  operation: { name: 'deletePod', with: { namespace: 'default', name } },
})

function played(...actions: RecordedAction[]): Emulation {
  const inventory = readInput([scenarioPath('first')])
  const emulation = new Emulation(inventory)
  replay(emulation, inventory.scenarios[0], actions)
  return emulation
}

describe('a replay with actions', () => {
  it('is the same run up to the action, and every time', () => {
    const untouched = played().recorder.steps
    const killed = played(kill('web-2', 3)).recorder.steps
    const before = killed.findIndex(({ at }) => at >= 3 * SECOND)
    expect(before).toBeGreaterThan(50)
    expect(killed.slice(0, before)).toEqual(untouched.slice(0, before))
    expect(played(kill('web-2', 3)).recorder.steps).toEqual(killed)
  })

  it('lets the successor come: a new pod, with the next address', () => {
    const { life, recorder } = played(kill('web-2', 3), kill('web-1', 20))
    const lives = podLives(recorder).filter(({ pod }) => pod.name.startsWith('web-'))
    expect(lives.map(({ addresses }) => addresses)).toEqual([
      ['10.244.1.3'],
      ['10.244.2.2'],
      ['10.244.2.3'],
      ['10.244.1.4'],
    ])
    expect(lives.map(({ stages }) => stages.at(-1)?.stage)).toEqual(['gone', 'gone', 'running', 'running'])
    expect(life?.store.list('Pod', 'default')).toHaveLength(3)
  })

  it('refuses to act on what is not there', () => {
    expect(() => played(kill('web-9', 3))).toThrow(/no Pod default\/web-9/)
  })
})
