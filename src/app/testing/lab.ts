import type { Namespace } from '../../linux/namespace.ts'
import { Sockets } from '../../linux/socket/table.ts'
import { Lab, type LabOptions } from '../../linux/testing/lab.ts'
import { MINUTE, type Nanos } from '../../sim/time.ts'
import type { NameService, PodContext, Program } from '../context.ts'
import { Hosts } from '../names.ts'
import { PodProcess } from '../pod-process.ts'

/** Two nodes with two pods each, all with sockets; a program is run in one of them. */
export class AppLab {
  readonly lab: Lab
  private readonly sockets = new Map<Namespace, Sockets>()

  constructor(options: LabOptions = {}) {
    this.lab = new Lab({ recording: 'steps', ...options })
    for (const node of this.lab.nodes) {
      this.attach(node.namespace)
      for (const pod of node.pods) this.attach(pod.namespace)
    }
    this.attach(this.lab.laptop)
  }

  /** A process in pod `number` of node `node`, with nothing running in it yet. */
  process(
    node: number,
    number: number,
    program: string,
    names: (context: PodContext) => NameService = () => new Hosts(),
  ) {
    return this.processIn(this.lab.pod(node, number).namespace, program, names)
  }

  processIn(namespace: Namespace, program: string, names: (context: PodContext) => NameService = () => new Hosts()) {
    return new PodProcess({ program, ip: namespace, sockets: this.sockets.get(namespace)!, names })
  }

  /** Runs a program in a process to its end; gives its exit code and what it printed. */
  run(process: PodProcess, program: Program, limit: Nanos = 60 * MINUTE): { code: number; output: string[] } {
    const { simulation } = this.lab.kernel
    const task = process.run(program)
    simulation.runWhile(() => task.outcome === null, simulation.now + limit)
    if (task.outcome?.kind !== 'returned') throw new Error(`the program is ${task.outcome?.kind ?? 'still running'}`)
    return { code: task.outcome.value, output: process.output }
  }

  private attach(namespace: Namespace): void {
    const sockets = new Sockets(namespace)
    namespace.transport = sockets
    this.sockets.set(namespace, sockets)
  }
}
