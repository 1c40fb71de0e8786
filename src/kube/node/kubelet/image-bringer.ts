import type { Nanos } from '../../../sim/time.ts'
import type { Container } from '../../api/pod-spec.ts'
import { Backoff } from './backoff.ts'
import type { PodWorker } from './pod-worker.ts'

/** The container that waits for its image. */
interface Waiting {
  later(delay: Nanos, fire: () => void): void
  wait(reason: string, message: string): void
}

/** kubelet's image manager for one container: pulls where the policy asks for it, and backs off. Source: pkg/kubelet/images/image_manager.go. */
export class ImageBringer {
  private readonly pulls: Backoff

  constructor(
    private readonly pod: PodWorker,
    private readonly spec: Container,
    private readonly container: Waiting,
  ) {
    this.pulls = new Backoff(pod.settings)
  }

  /** `done` when the node has the image. */
  bring(done: () => void): void {
    const { image, imagePullPolicy } = this.spec
    const has = this.pod.hasImage(image)
    if (has && imagePullPolicy !== 'Always') {
      this.pod.normal('Pulled', `Container image "${image}" already present on machine`)
      done()
    } else if (!has && imagePullPolicy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      this.pod.warning('ErrImageNeverPull', message)
      this.fail('ErrImageNeverPull', message)
    } else this.pull(image, done)
  }

  private pull(image: string, done: () => void): void {
    const took = this.pod.pull(image)
    this.pod.normal('Pulling', `Pulling image "${image}"`)
    if (typeof took === 'number') {
      this.container.later(took, () => {
        this.pod.pulled(image)
        this.pod.normal('Pulled', `Successfully pulled image "${image}"`)
        done()
      })
      return
    }
    this.pod.warning('Failed', `Failed to pull image "${image}": ${took}`)
    this.fail('ErrImagePull', took)
    const { now } = this.pod
    this.pulls.next(now)
    // The next look at the pod, a moment later, finds that it is too early to pull again.
    this.container.later(1e9, () => {
      this.pod.normal('BackOff', `Back-off pulling image "${image}"`)
      this.fail('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${took}`)
    })
    this.container.later(this.pulls.after(now), () => this.pull(image, done))
  }

  private fail(reason: string, message: string): void {
    this.pod.warning('Failed', `Error: ${reason}`)
    this.container.wait(reason, message)
  }
}
