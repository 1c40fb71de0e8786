import { CLASS_ANNOTATION, type Ingress, type IngressClass } from '../../api/ingress.ts'
import { nameOf } from '../../api/meta.ts'

/** Which Ingresses a controller serves: its flags --ingress-class, --controller-class and --watch-ingress-without-class. */
export interface ClassOptions {
  /** What the old annotation has to say, and, with `by` name, what the IngressClass is called. */
  readonly className: string
  /** `spec.controller` of the IngressClasses that are its own. */
  readonly controller: string
  /** IngressClasses are its own by their controller, or (--ingress-class-by-name) by their name too. */
  readonly by: 'controller' | 'name'
  readonly withoutClass: 'served' | 'ignored'
}

export const INGRESS_NGINX = 'k8s.io/ingress-nginx'

/** An Ingress that the controller leaves alone, the field that says so, and why. */
export interface Ignored {
  readonly ingress: Ingress
  readonly field: string
  readonly detail: string
}

/** store.GetIngressClass: the field counts, without it the annotation. Null: it is served. */
export function ignores(ingress: Ingress, classes: readonly IngressClass[], options: ClassOptions): Ignored | null {
  const { className, meta } = ingress
  const annotation = meta.annotations[CLASS_ANNOTATION]
  if (className !== null) {
    const field = 'spec.ingressClassName'
    const known = classes.find((one) => one.meta.name === className)
    if (known === undefined) return { ingress, field, detail: `there is no IngressClass ${className}` }
    if (isOwn(known, options)) return null
    return { ingress, field, detail: `IngressClass ${className} is for the controller ${known.controller}` }
  }
  if (annotation !== undefined) {
    if (annotation === '' || annotation === options.className) return null
    const field = `metadata.annotations[${CLASS_ANNOTATION}]`
    return { ingress, field, detail: `this controller serves the class ${options.className}, not ${annotation}` }
  }
  if (options.withoutClass === 'served') return null
  return { ingress, field: 'spec.ingressClassName', detail: 'no class is given' }
}

const isOwn = ({ meta, controller }: IngressClass, options: ClassOptions): boolean =>
  (options.by === 'name' && meta.name === options.className) ||
  (options.by === 'controller' && controller === options.controller)

/** sortIngressSlice: the oldest first, and of equally old ones the greatest name. Where two claim the same, the first has it. */
export const inOrder = (ingresses: readonly Ingress[]): Ingress[] =>
  [...ingresses].sort((a, b) => {
    const [first, second] = [a.created ?? 0, b.created ?? 0]
    if (first !== second) return first - second
    return nameOf(a.meta) > nameOf(b.meta) ? -1 : 1
  })
