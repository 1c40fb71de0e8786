import type { StepId } from '../../trace/step.ts'

/** `Secret default/shop-tls` is another by now, and the step that says so (0: none does). */
export type Listener = (object: string, step: StepId) => void

/** What those hear who watch Services, EndpointSlices, Secrets and Ingresses. */
export class News {
  private readonly listeners = new Set<Listener>()

  /** Gives what ends it. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(object: string, step: StepId): void {
    for (const listener of [...this.listeners]) listener(object, step)
  }
}
