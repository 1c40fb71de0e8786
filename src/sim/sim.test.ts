import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventHeap } from './heap.ts'
import { type Process, Signal, sleep, spawn, wait, within } from './process.ts'
import { Simulation } from './simulation.ts'
import { MILLISECOND, SECOND } from './time.ts'

describe('EventHeap', () => {
  it('fires by time, and by order of posting within an instant', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 600 }), (times) => {
        const heap = new EventHeap()
        const fired: [number, number][] = []
        times.forEach((time, i) => {
          heap.push(time, (n: number) => fired.push([time, n]), i)
          if (i % 7 === 6) heap.fireNext()
        })
        fired.length = 0
        while (heap.size > 0) heap.fireNext()
        const sorted = [...fired].sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(fired).toEqual(sorted)
      }),
    )
  })
})

describe('Simulation', () => {
  it('cancels any number of timers, and the others fire when and in the order they would have', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(9)), { maxLength: 4_000, minLength: 2_500 }), (timers) => {
        const simulation = new Simulation()
        const seen: [number, number][] = []
        const set = timers.map(([delay], i) => simulation.timer(delay, () => seen.push([simulation.now, i])))
        set.forEach((timer, i) => {
          if (timers[i][1] > 0) timer.cancel()
        })
        for (const [i, timer] of set.entries()) if (timers[i][1] > 5) timer.cancel()
        const left = timers.flatMap(([delay, cancelled], i): [number, number][] => (cancelled > 0 ? [] : [[delay, i]]))
        expect(simulation.run()).toEqual({ kind: 'idle' })
        expect(seen).toEqual(left.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
        expect(simulation.fired).toBeLessThan(timers.length / 2)
      }),
      { numRuns: 20 },
    )
  })

  it('is idle when only background timers are left', () => {
    const simulation = new Simulation()
    const seen: string[] = []
    const tick = (): void => {
      seen.push(`tick ${simulation.now}`)
      simulation.background(10, tick)
    }
    tick()
    simulation.post(25, () => seen.push('done'), null)
    const cancelled = simulation.timer(1_000, () => seen.push('never'))
    cancelled.cancel()
    expect(simulation.run()).toEqual({ kind: 'idle' })
    expect(seen).toEqual(['tick 0', 'tick 10', 'tick 20', 'done'])
    simulation.run(40)
    expect(seen.slice(4)).toEqual(['tick 30', 'tick 40'])
    expect(simulation.now).toBe(40)
  })

  it('ends a storm with a diagnosis instead of a hang', () => {
    const simulation = new Simulation(1_000)
    const breed = (): void => simulation.post(1, breed, null)
    breed()
    expect(simulation.run()).toMatchObject({ kind: 'storm', events: 1_001 })
  })

  it('refuses negative delays and times beyond 100 days', () => {
    const simulation = new Simulation()
    expect(() => simulation.post(-1, () => {}, null)).toThrow(RangeError)
    expect(() => simulation.timer(101 * 24 * 3600 * SECOND, () => {})).toThrow(RangeError)
  })
})

describe('processes', () => {
  it('sleep, wait for each other, and return values', () => {
    const simulation = new Simulation()
    function* child(): Process<number> {
      yield* sleep(3 * MILLISECOND)
      return 42
    }
    function* parent(): Process<string> {
      const task = spawn(simulation, child(), 'child')
      const outcome = yield* wait(task.ended)
      return `${outcome.kind} ${outcome.kind === 'returned' ? outcome.value : ''} at ${simulation.now}`
    }
    const task = spawn(simulation, parent(), 'parent')
    simulation.run()
    expect(task.outcome).toEqual({ kind: 'returned', value: 'returned 42 at 3000000' })
  })

  it('killed, run their finally and wake nobody later', () => {
    const simulation = new Simulation()
    const log: string[] = []
    const signal = new Signal<string>()
    function* program(): Process {
      try {
        log.push(yield* wait(signal))
        yield* sleep(SECOND)
        log.push('unreachable')
      } finally {
        log.push('closed')
      }
    }
    const task = spawn(simulation, program(), 'p')
    simulation.run(1)
    signal.notify('hello')
    simulation.run(10)
    task.kill()
    task.kill()
    simulation.run()
    expect(log).toEqual(['hello', 'closed'])
    expect(task.outcome).toEqual({ kind: 'killed' })
    expect(simulation.now).toBeLessThan(SECOND)
  })

  it('time out', () => {
    const simulation = new Simulation()
    const signal = new Signal<number>()
    const got: (number | null)[] = []
    function* program(): Process {
      got.push(yield* wait(within(signal, 5)))
      got.push(yield* wait(within(signal, 5)))
    }
    spawn(simulation, program(), 'p')
    simulation.post(8, () => signal.notify(7), null)
    simulation.run()
    expect(got).toEqual([null, 7])
    expect(simulation.now).toBe(8)
  })

  it('that fail, fail the run unless somebody takes the failure', () => {
    const simulation = new Simulation()
    function* broken(): Process {
      yield* sleep(1)
      throw new Error('broken')
    }
    const failures: unknown[] = []
    spawn(simulation, broken(), 'taken', (error) => failures.push(error))
    simulation.run()
    expect(failures).toHaveLength(1)
    spawn(simulation, broken(), 'thrown')
    expect(() => simulation.run()).toThrow('broken')
  })
})
