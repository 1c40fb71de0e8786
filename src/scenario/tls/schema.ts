import * as z from 'zod'
import { DEFAULT_GROUPS, SUITES } from '../../tls/tls.ts'
import { duration } from '../load/duration.ts'
import { faultNames, isFault, KEYS } from './issue.ts'

const version = z.enum(['1.2', '1.3'])
const suite = z.string().refine((name) => SUITES.some((known) => known.name === name), { error: 'a cipher suite' })
const groups = z.array(z.enum(DEFAULT_GROUPS as [string, ...string[]]))
const roots = z.string().regex(/^(cluster-ca|(secret|configmap)\/.+)$/, {
  error: 'cluster-ca, secret/NAME or configmap/NAME',
})

/** What a `curl` step says of TLS. */
export const curlTls = {
  roots: roots.optional().describe('whom to trust over https: cluster-ca (the default), secret/NAME or configmap/NAME'),
  insecure: z.boolean().optional().describe('accept any certificate, as curl -k does'),
  tlsMax: version.optional().describe('the highest version of TLS to offer'),
  tlsMin: version.optional().describe('the lowest version of TLS to offer'),
  cert: z
    .string()
    .regex(/^(cluster-ca|secret\/.+)$/, { error: 'cluster-ca or secret/NAME' })
    .optional()
    .describe("a client certificate: from a Secret, or issued by the cluster's CA with the pod's SPIFFE name"),
  groups: z
    .union([z.literal('classic'), groups.min(1)])
    .optional()
    .describe('key exchange groups, most wanted first; classic is x25519 and P-256'),
  keyShares: groups.optional().describe('the groups to send shares for at once'),
  suites: z.array(suite).min(1).optional().describe('cipher suites, most wanted first'),
  alpn: z.array(z.string().min(1)).optional().describe('protocols to offer; [] for no ALPN at all'),
  sessions: z.string().min(1).optional().describe('the name of a store that sessions are kept in between curls'),
  earlyData: z.boolean().optional().describe('send the request as 0-RTT data where the session allows it'),
  resolve: z
    .array(z.string().regex(/^[^:]+:\d+:.+$/, { error: 'HOST:PORT:ADDRESS' }))
    .optional()
    .describe("addresses for names, as curl's --resolve takes them"),
  maxTime: duration.optional().describe('give up after'),
}

/** What can be expected of a `curl` over https. */
export const tlsExpectation = z.strictObject({
  version: z.enum(['TLS 1.2', 'TLS 1.3']).optional(),
  suite: z.string().optional(),
  group: z.string().optional(),
  alpn: z.string().optional(),
  resumed: z.boolean().optional(),
  earlyData: z.enum(['none', 'accepted', 'rejected']).optional(),
  alert: z.string().optional().describe('the alert that ended it: certificate_expired'),
  alertBy: z.enum(['client', 'server']).optional(),
})

/** Steps that change certificates, and that listen and meddle on the way. */
export const tlsOperations = {
  tamper: z
    .strictObject({
      node: z.string().optional(),
      pod: z.string().optional(),
      device: z.string().optional(),
      byte: z.int().min(0).describe('which byte, counted from the start of what the server sends'),
    })
    .describe('somebody at the device changes one byte of the next connection, and mends the TCP checksum'),
  tap: z
    .strictObject({
      at: z
        .string()
        .regex(/^.+:.+$/, { error: 'NODE:DEVICE or NS/POD:DEVICE' })
        .describe('NODE:DEVICE or NS/POD:DEVICE'),
      key: z
        .string()
        .regex(/^secret\/.+$/, { error: 'secret/NAME' })
        .optional()
        .describe("secret/NAME: the server's private key, which the eavesdropper got later"),
    })
    .describe('what somebody who listens there reads of the curl before it'),
  rotateCert: z.strictObject({
    secret: z.string().min(1).describe('NS/NAME, or NAME in default'),
    names: z.array(z.string().min(1)).optional().describe('by default those of the certificate before'),
    validFor: duration.optional().describe('90 days by default'),
    key: z.enum(KEYS).optional(),
    fault: z
      .string()
      .refine(isFault, { error: `one of ${faultNames}` })
      .optional(),
  }),
}
