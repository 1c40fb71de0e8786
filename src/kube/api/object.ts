import type { Nanos } from '../../sim/time.ts'
import { type Labels, type Meta, NO_LABELS } from './meta.ts'

/** 36 characters, drawn from the emulation's seed. */
export type Uid = string

/** metav1.OwnerReference. */
export interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly uid: Uid
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}

/** metav1.ObjectMeta. Times are virtual; `epoch` makes dates of them where they are printed. */
export interface ObjectMeta extends Meta {
  /** Prefix of a name that the store completes; empty when `name` is given. */
  readonly generateName: string
  readonly uid: Uid
  /** Counts all changes of the store; 0 before the object is created. */
  readonly resourceVersion: number
  /** Counts changes of `spec`. */
  readonly generation: number
  readonly creationTimestamp: Nanos
  /** When a graceful deletion will be over; null while nobody asked for one. */
  readonly deletionTimestamp: Nanos | null
  /** Seconds. */
  readonly deletionGracePeriodSeconds: number | null
  readonly ownerReferences: readonly OwnerReference[]
  readonly finalizers: readonly string[]
}

const NONE: readonly never[] = Object.freeze([])

/** Metadata of an object to be created; the store fills in what is its own. */
export function newMeta(given: Partial<ObjectMeta>): ObjectMeta {
  return {
    namespace: given.namespace ?? '',
    name: given.name ?? '',
    generateName: given.generateName ?? '',
    labels: given.labels ?? NO_LABELS,
    annotations: given.annotations ?? NO_LABELS,
    at: given.at ?? null,
    uid: given.uid ?? '',
    resourceVersion: 0,
    generation: 1,
    creationTimestamp: 0,
    deletionTimestamp: null,
    deletionGracePeriodSeconds: null,
    ownerReferences: given.ownerReferences ?? NONE,
    finalizers: given.finalizers ?? NONE,
  }
}

/** What `kubectl create` of an object with this name, in this namespace, would hold. */
export const named = (namespace: string, name: string, labels: Labels = NO_LABELS): ObjectMeta =>
  newMeta({ namespace, name, labels })

export interface Identified {
  readonly kind: string
  readonly meta: ObjectMeta
}

/** The reference by which `owner` controls what it creates: metav1.NewControllerRef. */
export const controllerRef = ({ kind, meta }: Identified): OwnerReference => ({
  kind,
  name: meta.name,
  uid: meta.uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** metav1.GetControllerOf. */
export function controllerOf(meta: ObjectMeta): OwnerReference | null {
  for (const owner of meta.ownerReferences) if (owner.controller) return owner
  return null
}

export const isDeleting = ({ meta }: Identified): boolean => meta.deletionTimestamp !== null
