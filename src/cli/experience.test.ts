import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readInput } from '../host/files.ts'
import { scenarioPath } from '../host/shipped.ts'
import { replay } from '../scenario/replay.ts'
import type { Kill } from '../ui/model/experience.ts'
import { experienceOf } from './experience.ts'

vi.mock('../scenario/replay.ts', async (original) => {
  const actual = await original<typeof import('../scenario/replay.ts')>()
  return { ...actual, replay: vi.fn(actual.replay) }
})
const runs = vi.mocked(replay)
beforeEach(() => {
  runs.mockClear()
})

const inventory = readInput([scenarioPath('first')])
const request = { from: 'client', to: 'svc/web:80', protocol: 'tcp' } as const
const fresh = () => experienceOf(inventory, undefined)

/** The second of the two pods behind the Service, a second after everything is up. */
function kill(): Kill[] {
  const life = fresh().life([])!
  const { namespace, name } = life.pods.findLast(({ pod }) => pod.name.startsWith('web'))!.pod
  runs.mockClear()
  return [{ at: life.end, namespace, name, now: false }]
}

describe('the views of a cluster after a kill', () => {
  it('are of one run, together with the packet that is sent after it', () => {
    const kills = kill()
    const experience = fresh()
    experience.life(kills)
    experience.cluster(kills)
    experience.trace(request, kills)
    expect(runs).toHaveBeenCalledTimes(1)
    // A second packet must not meet what the first left behind.
    experience.trace(request, kills)
    expect(runs).toHaveBeenCalledTimes(2)
  })

  it('are the same in whatever order they are asked for, and as often', () => {
    const kills = kill()
    const views = (order: readonly ('life' | 'cluster' | 'trace')[]) => {
      const experience = fresh()
      const seen: Record<string, string> = {}
      for (const view of order) {
        const found = view === 'trace' ? experience.trace(request, kills).trace : experience[view](kills)
        seen[view] = JSON.stringify(found)
      }
      return seen
    }
    const first = views(['life', 'cluster', 'trace'])
    expect(views(['trace', 'cluster', 'life'])).toEqual(first)
    expect(views(['cluster', 'trace', 'trace', 'life', 'cluster'])).toEqual(first)
  })

  it('and without one: the scenario to its end for its life, a cluster that is just up for the first packet', () => {
    const experience = fresh()
    const [before, life] = [JSON.stringify(experience.cluster([])), JSON.stringify(experience.life([]))]
    const first = JSON.stringify(experience.trace(request, []).trace)
    expect(JSON.stringify(experience.trace(request, []).trace)).toBe(first)
    expect([JSON.stringify(experience.cluster([])), JSON.stringify(experience.life([]))]).toEqual([before, life])
    expect(runs).toHaveBeenCalledTimes(1)
  })
})
