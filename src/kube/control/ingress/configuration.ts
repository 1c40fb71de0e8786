import type { Backend, Certificate, Location, ProxyConfig, Source, VirtualServer } from '../../../app/ingress/config.ts'
import type { IngressCertificateChoice } from '../../../trace/steps/ingress.ts'
import type { Ingress, IngressBackend, IngressPath } from '../../api/ingress.ts'
import { nameOf } from '../../api/meta.ts'
import { type IngressSettings, settingsOf } from './annotations.ts'
import { certificateOf, choiceOf } from './certificate.ts'
import { type ClassOptions, type Ignored, ignores, inOrder } from './class.ts'
import { portOf, upstreamOf } from './upstream.ts'
import type { IngressWorld } from './world.ts'

export interface ControllerOptions extends ClassOptions {
  /** --enable-ssl-passthrough. */
  readonly passthrough: 'on' | 'off'
  /** --default-backend-service; null: the controller's own page. */
  readonly defaultBackend: { readonly namespace: string; readonly backend: IngressBackend } | null
}

export interface Configured {
  readonly config: ProxyConfig
  /** In order, the one that decides first. */
  readonly served: readonly Ingress[]
  /** What the controller logs. */
  readonly warnings: readonly string[]
}

/** Makes NGINX's configuration of what the cluster has (getBackendServers). */
export function configure(world: IngressWorld, options: ControllerOptions): Configured {
  const builder = new Builder(world, options)
  const ignored: Ignored[] = []
  const served: Ingress[] = []
  for (const ingress of inOrder(world.ingresses)) {
    const reason = ignores(ingress, world.classes, options)
    if (reason === null) served.push(ingress)
    else ignored.push(reason)
  }
  for (const ingress of served) builder.addServers(ingress)
  for (const ingress of served) builder.addCertificates(ingress)
  for (const ingress of served) builder.addPaths(ingress)
  const warnings = ignored.map(
    ({ ingress, detail }) => `Ignoring ingress "${nameOf(ingress.meta)}" because of its class: ${detail}`,
  )
  return { config: builder.finish(served, ignored), served, warnings: [...warnings, ...builder.warnings] }
}

const CATCH_ALL = '_'
/** no-tls-redirect-locations, as it is by default. */
const ACME = '/.well-known/acme-challenge'

interface Draft {
  readonly host: string
  /** The Ingress that it was made for: some of its annotations count for the whole server. */
  readonly by: Ingress | null
  certificate: Certificate
  readonly locations: DraftLocation[]
}

/** `standIn`: a root location that no path asked for; the first that does takes its place. */
type DraftLocation = { location: Location; standIn: boolean; paths: IngressBackend | null }

class Builder {
  readonly warnings: string[] = []
  private readonly servers = new Map<string, Draft>()
  private readonly settings = new Map<Ingress, IngressSettings>()
  private readonly fallback: Backend

  constructor(
    private readonly world: IngressWorld,
    private readonly options: ControllerOptions,
  ) {
    const { defaultBackend } = options
    this.fallback =
      defaultBackend === null
        ? { kind: 'none' }
        : upstreamOf(defaultBackend.namespace, defaultBackend.backend, this.world)
    const none: Certificate = { from: 'default', choice: choiceOf('unknown-host', { host: '' }) }
    const location = { ...ROOT, backend: this.fallback, source: null }
    this.servers.set(CATCH_ALL, {
      host: CATCH_ALL,
      by: null,
      certificate: none,
      locations: [{ location, standIn: true, paths: null }],
    })
  }

  /** A server for each host, with a root location for what no path takes. */
  addServers(ingress: Ingress): void {
    const settings = settingsOf(ingress)
    this.settings.set(ingress, settings)
    this.warnings.push(...settings.warnings.map((text) => `Ingress "${nameOf(ingress.meta)}": ${text}`))
    const { defaultBackend, meta } = ingress
    const source: Source = { ingress: nameOf(meta), field: 'spec.defaultBackend' }
    const own = defaultBackend === null ? null : upstreamOf(meta.namespace, defaultBackend, this.world)
    if (own !== null) {
      const [root] = this.servers.get(CATCH_ALL)!.locations
      const plain = ingress.rules.length > 0 ? root.location : { ...root.location, ...locationSettings(settings) }
      // Redirects of the catch-all server are left as they were.
      root.location = { ...plain, redirect: root.location.redirect, backend: own, source }
    }
    for (const [r, { host: name }] of ingress.rules.entries()) {
      const host = hostKey(name)
      if (this.servers.has(host)) continue
      const backend = own ?? this.fallback
      const rule: Source = { ingress: nameOf(meta), field: `spec.rules[${r}]` }
      const location = { ...ROOT, ...locationSettings(settings), backend, source: own === null ? rule : source }
      const choice = choiceOf('no-tls', { host, ingress: nameOf(meta), field: 'spec.tls' })
      const locations = [{ location, standIn: true, paths: null }]
      this.servers.set(host, { host, by: ingress, certificate: { from: 'none', choice }, locations })
    }
  }

  /** The first Ingress of a host that has `spec.tls` decides. */
  addCertificates(ingress: Ingress): void {
    for (const { host: name } of ingress.rules) {
      const server = this.servers.get(hostKey(name))!
      if (server.certificate.from !== 'none' || ingress.tls.length === 0) continue
      const { certificate, warning } = certificateOf(server.host, ingress, this.world)
      server.certificate = certificate
      if (warning !== '') this.warnings.push(warning)
    }
  }

  addPaths(ingress: Ingress): void {
    for (const [r, { host, paths }] of ingress.rules.entries()) {
      const { locations } = this.servers.get(hostKey(host))!
      for (const [p, path] of (paths ?? []).entries())
        this.addPath(locations, ingress, path, `spec.rules[${r}].http.paths[${p}]`)
    }
  }

  private addPath(locations: DraftLocation[], ingress: Ingress, path: IngressPath, field: string): void {
    const { backend } = path
    if (backend === null) return
    const at = path.path === '' ? '/' : path.path
    // ImplementationSpecific is Prefix to ingress-nginx (SetDefaultNGINXPathType).
    const match = path.pathType === 'Exact' ? 'exact' : 'prefix'
    const known = locations.find(({ location }) => location.path === at && location.match === match)
    if (known?.standIn === false) return
    const settings = locationSettings(this.settings.get(ingress)!)
    const redirect = at.startsWith(ACME) ? 'never' : settings.redirect
    const upstream = upstreamOf(ingress.meta.namespace, backend, this.world)
    const source = { ingress: nameOf(ingress.meta), field }
    const location: Location = { path: at, match, ...settings, redirect, backend: upstream, source }
    if (known === undefined) locations.push({ location, standIn: false, paths: backend })
    else Object.assign(known, { location, standIn: false, paths: backend })
  }

  finish(served: readonly Ingress[], ignored: readonly Ignored[]): ProxyConfig {
    const servers = new Map<string, VirtualServer>()
    for (const draft of this.servers.values()) {
      const locations = draft.locations.map(({ location }) => location)
      const { host, certificate } = draft
      servers.set(host, { host, certificate, passthrough: this.passthroughOf(draft), locations })
    }
    const catchAll = servers.get(CATCH_ALL)!
    servers.delete(CATCH_ALL)
    return { servers, catchAll, unserved: unservedHosts(servers, served, ignored) }
  }

  /** OnUpdate: to the Service's own address, and only from the root of a host that an annotation gives over whole. */
  private passthroughOf({ host, by, locations }: Draft): VirtualServer['passthrough'] {
    if (by === null || this.settings.get(by)!.passthrough === 'off') return null
    const where = `SSL Passthrough for server "${host}"`
    if (this.options.passthrough === 'off') {
      this.warnings.push(`Ignoring ${where}: SSL passthrough is not enabled`)
      return null
    }
    const root = locations.find(({ location, standIn }) => location.path === '/' && !standIn)
    const { source } = root?.location ?? {}
    if (root?.paths == null || source == null) {
      this.warnings.push(`Ignoring ${where}: it has no backend for /`)
      return null
    }
    const { namespace } = by.meta
    const service = this.world.service(namespace, root.paths.service)
    const port = service === null ? null : portOf(service, String(root.paths.port))
    const address = service?.clusterIPs[0]
    if (service === null || address === undefined || port === null) {
      this.warnings.push(
        `Ignoring ${where}: Service "${namespace}/${root.paths.service}" has no such port or no address`,
      )
      return null
    }
    return { source, service: nameOf(service.meta), port: port.port, address }
  }
}

const ROOT = { path: '/', match: 'prefix', redirect: 'never', protocol: 'HTTP', vhost: null } as const

const hostKey = (host: string): string => (host === '' ? CATCH_ALL : host)

const locationSettings = ({ redirect, protocol, vhost }: IngressSettings) => ({ redirect, protocol, vhost })

/** Why a host that somebody wrote down has no server here. */
function unservedHosts(
  servers: ReadonlyMap<string, VirtualServer>,
  served: readonly Ingress[],
  ignored: readonly Ignored[],
): Map<string, IngressCertificateChoice> {
  const found = new Map<string, IngressCertificateChoice>()
  const add = (choice: IngressCertificateChoice): void => {
    if (!servers.has(choice.host) && !found.has(choice.host)) found.set(choice.host, choice)
  }
  for (const { meta, tls } of served)
    for (const [t, { hosts, secretName }] of tls.entries())
      for (const [h, host] of hosts.entries()) {
        const secret = secretName === '' ? '' : `${meta.namespace}/${secretName}`
        const about = { host, ingress: nameOf(meta), field: `spec.tls[${t}].hosts[${h}]`, secret }
        add(choiceOf('host-without-rule', about))
      }
  for (const { ingress, field, detail } of ignored) {
    const hosts = [...ingress.rules.map(({ host }) => host), ...ingress.tls.flatMap((tls) => tls.hosts)]
    for (const host of hosts)
      if (host !== '') add(choiceOf('other-class', { host, ingress: nameOf(ingress.meta), field, detail }))
  }
  return found
}
