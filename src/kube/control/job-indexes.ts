import type { PodObject } from '../api/pod-object.ts'

/** Label and annotation of an indexed Job's pods. */
export const INDEX = 'batch.kubernetes.io/job-completion-index'

export function indexOf({ meta }: PodObject): number | null {
  const text = meta.annotations[INDEX]
  return text === undefined ? null : Number(text)
}

/** The lowest indexes below `completions` that nobody has, at most `count`. */
export function lacking(completions: number, used: ReadonlySet<number>, count: number): number[] {
  const found: number[] = []
  for (let index = 0; index < completions && found.length < count; index++) if (!used.has(index)) found.push(index)
  return found
}
