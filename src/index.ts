/** podwire as a library: build an emulation, run it, and ask what happened. */
export { type Facts, type Owner, ownerName } from './explain/facts.ts'
export type { Action, Hop } from './explain/hops.ts'
export { type Recorded, StepIndex } from './explain/record.ts'
export { type Trace, type TraceRequest, traceOf, type Verdict } from './explain/trace.ts'
export { pcapng } from './export/pcapng.ts'
export { Recorder } from './trace/recorder.ts'
export type { Event, Place, Step } from './trace/step.ts'
