import type { PathType } from '../../kube/api/ingress.ts'
import { admitIngress, type Ingress, type IngressBackend, isDefaultClass } from '../../kube/api/ingress.ts'
import { type Meta, nameOf } from '../../kube/api/meta.ts'
import { ignores, inOrder } from '../../kube/control/ingress/class.ts'
import { portOf } from '../../kube/control/ingress/upstream.ts'
import { controllersIn } from '../ingress/controllers.ts'
import type { Inventory } from './inventory.ts'
import type { Problems } from './source.ts'
import { Told, where } from './told.ts'

type Loaded = Omit<Inventory, 'diagnostics'>

/** What an Ingress names and is not there, and what two of them claim. The API server takes all of it. */
export function checkIngresses(inventory: Loaded, problems: Problems): void {
  if (inventory.ingresses.length === 0) return
  const told = new Told(problems, (count) => `${count} more things are wrong with Ingresses and what they name`)
  const ingresses = inOrder(inventory.ingresses.map((one) => admitIngress(one, inventory.ingressClasses)))
  checkClasses({ ...inventory, ingresses }, problems, told)
  const services = new Map(inventory.services.map((service) => [nameOf(service.meta), service]))
  const backend = (ingress: Ingress, field: string, { service, port }: IngressBackend): void => {
    const name = `${ingress.meta.namespace}/${service}`
    const known = services.get(name)
    const names = `${called(ingress)}: ${field} names`
    if (known === undefined) told.warn(ingress.meta, `${names} Service ${name}, which is not there: 503`)
    else if (known.type !== 'ExternalName' && portOf(known, String(port)) === null) {
      const ports = known.ports.map((one) => (one.name === '' ? one.port : `${one.port} (${one.name})`)).join(', ')
      told.warn(
        ingress.meta,
        `${names} port ${port} of Service ${where(known.meta)}, which has ${ports || 'none'}: 503`,
      )
    }
  }
  for (const ingress of ingresses) {
    if (ingress.defaultBackend !== null) backend(ingress, 'spec.defaultBackend', ingress.defaultBackend)
    for (const [r, { paths }] of ingress.rules.entries())
      for (const [p, path] of (paths ?? []).entries())
        if (path.backend !== null) backend(ingress, `spec.rules[${r}].http.paths[${p}].backend`, path.backend)
  }
  checkSecrets(inventory, ingresses, told)
  checkClaims(ingresses, told)
  told.finish()
}

/** Who serves whom. */
function checkClasses(inventory: Loaded, problems: Problems, told: Told): void {
  const { ingresses, ingressClasses } = inventory
  const [first, second] = ingressClasses.filter(isDefaultClass).sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
  if (second !== undefined)
    told.warn(
      second.meta,
      `IngressClass ${second.meta.name} is the default, as ${where(first.meta)} is: that one counts`,
    )
  const controllers = controllersIn(inventory)
  if (controllers.length === 0) {
    const names = ingresses
      .map(({ meta }) => nameOf(meta))
      .sort()
      .slice(0, 3)
      .join(', ')
    const more = ingresses.length > 3 ? ` and ${ingresses.length - 3} more` : ''
    const hint = 'no pod is an ingress controller (annotation podwire.dev/serve: ingress)'
    problems.note(null, `Ingress ${names}${more}: served by nobody, for ${hint}`)
    return
  }
  for (const ingress of ingresses) {
    const [reason, ...others] = controllers.map((options) => ignores(ingress, ingressClasses, options))
    if (reason === null || others.includes(null)) continue
    told.warn(ingress.meta, `${called(ingress)} is served by no controller: ${reason.field}: ${reason.detail}`)
  }
}

/** Where the input has Secrets at all: a dump is often made without. */
function checkSecrets({ bundles, plainSecrets, scenarios }: Loaded, ingresses: readonly Ingress[], told: Told): void {
  const known = [...bundles.filter(({ kind }) => kind === 'Secret').map(({ meta }) => nameOf(meta)), ...plainSecrets]
  if (known.length === 0 && scenarios.length === 0) return
  for (const ingress of ingresses)
    for (const [t, { secretName }] of ingress.tls.entries()) {
      const name = `${ingress.meta.namespace}/${secretName}`
      if (secretName === '' || known.includes(name)) continue
      const elsewhere = known.find((one) => one.endsWith(`/${secretName}`))
      const hint = elsewhere === undefined ? '' : ` (there is Secret ${elsewhere}, in another namespace)`
      const names = `${called(ingress)}: spec.tls[${t}].secretName names Secret ${name}, which is not there${hint}`
      told.warn(ingress.meta, `${names}: the controller's default certificate`)
    }
}

/** Of two that claim the same, the older one has it. */
function checkClaims(ingresses: readonly Ingress[], told: Told): void {
  const paths = new Map<string, Ingress>()
  const secrets = new Map<string, { readonly ingress: Ingress; readonly secret: string }>()
  for (const ingress of ingresses) {
    for (const { host, paths: own } of ingress.rules)
      for (const { path, pathType } of own ?? []) {
        const key = `${ingress.className} ${host} ${kindOf(pathType)} ${path === '' ? '/' : path}`
        const other = paths.get(key)
        if (other === undefined) paths.set(key, ingress)
        else {
          const what = `${host === '' ? 'every host' : host}, path ${path === '' ? '/' : path} (${pathType})`
          const whose = other === ingress ? 'twice: the first counts' : `as ${named(other)} does, which counts`
          told.warn(ingress.meta, `${called(ingress)} claims ${what} ${whose}`)
        }
      }
    for (const { hosts, secretName } of ingress.tls)
      for (const host of hosts) {
        const secret = `${ingress.meta.namespace}/${secretName}`
        const other = secrets.get(`${ingress.className} ${host}`)
        if (other === undefined) secrets.set(`${ingress.className} ${host}`, { ingress, secret })
        else if (other.secret !== secret)
          told.warn(
            ingress.meta,
            `${called(ingress)} names Secret ${secret} for ${host}, and ${named(other.ingress)} Secret ${other.secret}, which counts`,
          )
      }
  }
}

const kindOf = (type: PathType): string => (type === 'Exact' ? 'exact' : 'prefix')
const called = ({ meta }: { readonly meta: Meta }): string => `Ingress ${nameOf(meta)}`
const named = ({ meta }: { readonly meta: Meta }): string => `Ingress ${where(meta)}`
