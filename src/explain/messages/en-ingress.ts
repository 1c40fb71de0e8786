import type { IngressCertificateChoice, IngressCertificateWhy, IngressEvent } from '../../trace/steps/ingress.ts'

type Route = Omit<Extract<IngressEvent, { kind: 'ingress-route' }>, 'kind'>
/** `asked`: the name in the ClientHello, or the host that the Ingress has. */
type Facts = IngressCertificateChoice & { readonly asked: string }

const list = (names: readonly string[]): string => (names.length === 0 ? 'no name' : names.join(', '))
const where = ({ ingress, field }: { readonly ingress: string; readonly field: string }): string =>
  `Ingress ${ingress}: ${field}`
/** What led a request to a Service. */
const leader = (route: Route): string => (route.ingress === '' ? "the controller's default backend" : where(route))
const namespaceOf = (name: string): string => name.split('/')[0]

/** What is said of ingress controllers, in English. */
export const ingress = {
  heading: 'Ingress',
  where,
  /** What the controller knew, by why it chose the certificate. */
  knew: {
    secret: (f) => `sent the certificate of Secret ${f.secret}, which ${where(f)} names`,
    'secret-missing': (f) => `sent its default certificate: ${where(f)} names Secret ${f.secret}, which is not there`,
    'secret-unusable': (f) =>
      `sent its default certificate: Secret ${f.secret}, which ${where(f)} names, cannot be used: ${f.detail}`,
    'host-not-covered': (f) =>
      `sent its default certificate: the one in Secret ${f.secret}, which ${where(f)} names, is for ${list(f.names)}, not for ${f.host}`,
    'no-secret-name': (f) => `sent its default certificate: ${where(f)} is empty`,
    'host-not-in-tls': (f) => `sent its default certificate: ${where(f)} does not name ${f.host}`,
    'no-tls': (f) => `sent its default certificate: Ingress ${f.ingress} has no ${f.field}`,
    'host-without-rule': (f) =>
      `sent its default certificate: ${where(f)} is ${f.host}, for which there is no rule, and only hosts of rules are served`,
    'other-class': (f) => `sent its default certificate: it does not serve Ingress ${f.ingress}: ${f.detail}`,
    'unknown-host': (f) => `sent its default certificate: no Ingress has the host ${f.asked}`,
    'no-server-name': () => 'sent its default certificate: the client named no host',
  } satisfies Record<IngressCertificateWhy, (facts: Facts) => string>,
  /** The change that would make it work. Of `secret` it is in the certificate. */
  fix: {
    'secret-missing': (f) =>
      `${f.elsewhere === '' ? 'create' : `copy Secret ${f.elsewhere} to`} Secret ${f.secret} (kubernetes.io/tls, a certificate for ${f.host} and its key), or let ${where(f)} name one that is there` +
      (f.elsewhere === ''
        ? ''
        : `: an Ingress reads Secrets of its own namespace, ${namespaceOf(f.ingress)}, and no other`),
    'secret-unusable': (f) =>
      `put a certificate for ${f.host} and its key into Secret ${f.secret} (tls.crt: the leaf first; tls.key)`,
    'host-not-covered': (f) =>
      `reissue the certificate in Secret ${f.secret} with ${f.host} among its SANs (it has ${list(f.names)}), or let ${where(f)} name a Secret whose certificate has it`,
    'no-secret-name': (f) => `name a Secret with a certificate for ${f.host} in ${where(f)}`,
    'host-not-in-tls': (f) =>
      `add ${f.host} to the hosts of an entry of spec.tls of Ingress ${f.ingress} whose secretName has a certificate for it`,
    'no-tls': (f) =>
      `give Ingress ${f.ingress} a spec.tls: hosts [${f.host}], and the secretName of a certificate for it`,
    'host-without-rule': (f) => `give Ingress ${f.ingress} a rule for the host ${f.host} (spec.rules)`,
    'other-class': (f) => `give Ingress ${f.ingress} a class that this controller serves (${f.field}): ${f.detail}`,
    'unknown-host': (f) =>
      `give an Ingress a rule for the host ${f.asked}, and spec.tls with a certificate for it; or ask for a host that there is`,
    'no-server-name': () =>
      'let the client name the host (server_name): ask for https://HOST/, with --resolve HOST:443:ADDRESS where DNS does not know it',
  } satisfies Record<Exclude<IngressCertificateWhy, 'secret'>, (facts: Facts) => string>,
  createSecret: (namespace: string, name: string): string =>
    `kubectl -n ${namespace} create secret tls ${name} --cert=tls.crt --key=tls.key`,
  copySecret: (from: string, to: string, name: string): string =>
    `kubectl -n ${from} get secret ${name} -o json | jq 'del(.metadata["namespace","uid","resourceVersion","creationTimestamp"])' | kubectl -n ${to} apply -f -`,
  showIngress: (namespace: string, name: string): string =>
    `kubectl -n ${namespace} get ingress ${name} -o jsonpath='{.spec.tls}'`,
  /** Where a request went. */
  route: {
    forwarded: (r) => `${leader(r)} => Service ${r.service}:${r.port} => ${r.endpoints.at(-1)}`,
    'passed-through': (r) => `${where(r)} => Service ${r.service}:${r.port}, TLS passed through`,
    redirected: (r) => (r.ingress === '' ? `${r.host} goes on to https` : `${where(r)}: ${r.host} goes on to https`),
    'no-backend': (r) => {
      if (r.ingress === '') return `no Ingress has the host ${r.host || 'that was asked for'}`
      if (r.detail !== '') return `${where(r)}: the controller does not serve ${r.host} for it: ${r.detail}`
      if (!r.field.startsWith('spec.rules')) return `${where(r)} has ${r.host}, for which there is no rule`
      return `${where(r)} has no path for ${r.host}${r.path}`
    },
    'no-endpoints': (r) => `${leader(r)} => Service ${r.service}:${r.port} => ${r.detail}`,
    unreachable: (r) => `${leader(r)} => Service ${r.service}:${r.port} => no answer from ${r.endpoints.join(', ')}`,
  } satisfies Record<Route['outcome'], (route: Route) => string>,
} as const
