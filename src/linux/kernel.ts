import type { Simulation } from '../sim/simulation.ts'
import type { Recorder } from '../trace/recorder.ts'
import type { Rng } from '../util/rng.ts'

/** What all namespaces of an emulation share: the clock, the recorder and chance. */
export interface Kernel {
  readonly simulation: Simulation
  readonly recorder: Recorder
  readonly rng: Rng
}
