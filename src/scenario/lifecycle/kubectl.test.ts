import { describe, expect, it } from 'vitest'
import { container, deployment, job, pod } from '../../kube/api/build.ts'
import { NO_LABELS } from '../../kube/api/meta.ts'
import { Lab } from '../../kube/node/kubelet/testing/lab.ts'
import { ageOf } from './age.ts'
import { kubectlGet, type Listed } from './kubectl.ts'

// k8s.io/apimachinery/pkg/util/duration; pkg/printers/internalversion.
describe('as kubectl prints it', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [193, '3m13s'],
    [600, '10m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [30 * 3600, '30h'],
    [49 * 3600, '2d1h'],
    [9 * 86_400, '9d'],
  ])('%i s of age are %s', (seconds, text) => expect(ageOf(seconds * 1e9)).toBe(text))

  it('pods, in every state', () => {
    const lab = new Lab({ pull: (image) => (image === 'absent' ? 'not found' : 1e9) })
    const sh = (name: string, script: string) => container(name, { command: ['sh', '-c', script] })
    lab.store.create(pod('runs'))
    lab.store.create(pod('crashes', NO_LABELS, { containers: [sh('app', 'exit 1')] }))
    lab.store.create(pod('done', NO_LABELS, { restartPolicy: 'Never', containers: [sh('app', 'true')] }))
    lab.store.create(pod('failed', NO_LABELS, { restartPolicy: 'Never', containers: [sh('app', 'exit 2')] }))
    lab.store.create(pod('absent', NO_LABELS, { containers: [container('absent')] }))
    lab.store.create(pod('inits', NO_LABELS, { initContainers: [sh('one', 'true'), sh('two', 'sleep 99')] }))
    lab.store.create(pod('nowhere', NO_LABELS, { nodeSelector: { disk: 'ssd' } }))
    lab.store.create(pod('going', NO_LABELS, { containers: [sh('app', 'sleep infinity')] }))
    lab.run(10)
    lab.store.delete('Pod', 'default', 'going')
    lab.run(5)
    expect(kubectlGet(lab.store, 'pods', { wide: false }).map((row) => row.slice(1).join(' '))).toEqual([
      'NAME READY STATUS RESTARTS AGE',
      'absent 0/1 ImagePullBackOff 0 15s',
      'crashes 0/1 CrashLoopBackOff 2 (3s ago) 15s',
      'done 0/1 Completed 0 15s',
      'failed 0/1 Error 0 15s',
      'going 1/1 Terminating 0 15s',
      'inits 0/1 Init:1/2 0 15s',
      'nowhere 0/1 Pending 0 15s',
      'runs 1/1 Running 0 15s',
    ])
    expect(kubectlGet(lab.store, 'pods', { wide: true })[8].slice(-4)).toEqual([
      '10.244.1.2',
      'node-1',
      '<none>',
      '<none>',
    ])
  })

  // pkg/printers/internalversion/printers.go: printPod, printNode, printDeployment, printJob …
  it('workloads, nodes, and what changed since', () => {
    const lab = new Lab()
    const sh = (script: string) => container('app', { command: ['sh', '-c', script] })
    lab.store.create(deployment('web', { replicas: 2 }))
    lab.store.create(job('work', { completions: 3 }, { containers: [sh('sleep 5')] }))
    lab.store.create(pod('restarts', NO_LABELS, { containers: [sh('sleep 20; exit 1')] }))
    lab.run(30)
    const rows = (what: Listed, wide = false) =>
      kubectlGet(lab.store, what, { wide, namespace: 'default' }).map((row) => row.join(' '))
    expect(rows('deploy')).toEqual(['NAME READY UP-TO-DATE AVAILABLE AGE', 'web 2/2 2 2 30s'])
    expect(rows('rs', true)[0]).toBe('NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR')
    expect(rows('jobs')).toEqual(['NAME STATUS COMPLETIONS DURATION AGE', 'work Complete 3/3 16s 30s'])
    expect(rows('nodes')[0]).toBe('NAME STATUS ROLES AGE VERSION')
    expect(rows('pods').find((row) => row.startsWith('restarts'))).toBe('restarts 1/1 Running 1 (8s ago) 30s')
    expect(rows('events', true)[0]).toBe('LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME')
  })
})
