import type { Codec } from '../../util/bytes.ts'
import { type Extension, readExtensions, writeExtensions } from '../extension/extension.ts'
import { readOpaque, writeOpaque } from './vector.ts'

/** RFC 8446 4.3.1. */
export const encryptedExtensions: Codec<readonly Extension[]> = {
  name: 'EncryptedExtensions',
  read: (r) => readExtensions(r, 'EncryptedExtensions'),
  write: writeExtensions,
}

/** RFC 8446 4.4.4, RFC 5246 7.4.9: as long as the body. */
export const finished: Codec<Uint8Array> = {
  name: 'Finished',
  read: (r) => r.rest('verify_data'),
  write: (w, data) => w.take(data),
}

/** RFC 8446 4.6.1. Lifetime in seconds. */
export interface NewSessionTicket13 {
  readonly lifetime: number
  readonly ageAdd: number
  readonly nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly extensions: readonly Extension[]
}

export const newSessionTicket13: Codec<NewSessionTicket13> = {
  name: 'NewSessionTicket',
  read: (r) => ({
    lifetime: r.u32('ticket_lifetime'),
    ageAdd: r.u32('ticket_age_add', 'hex'),
    nonce: readOpaque(r, 1, 'ticket_nonce'),
    ticket: readOpaque(r, 2, 'ticket', 1),
    extensions: readExtensions(r, 'NewSessionTicket'),
  }),
  write(w, { lifetime, ageAdd, nonce, ticket, extensions }) {
    w.u32(lifetime).u32(ageAdd)
    writeOpaque(w, 1, nonce)
    writeOpaque(w, 2, ticket)
    writeExtensions(w, extensions)
  },
}

/** RFC 5077 3.3. */
export const newSessionTicket12: Codec<{ readonly lifetime: number; readonly ticket: Uint8Array }> = {
  name: 'NewSessionTicket',
  read: (r) => ({ lifetime: r.u32('ticket_lifetime_hint'), ticket: readOpaque(r, 2, 'ticket') }),
  write(w, { lifetime, ticket }) {
    w.u32(lifetime)
    writeOpaque(w, 2, ticket)
  },
}

/** RFC 8446 4.6.3: 0 update_not_requested, 1 update_requested. */
export const keyUpdate: Codec<number> = {
  name: 'KeyUpdate',
  read: (r) => r.u8('request_update'),
  write: (w, request) => w.u8(request),
}

/** EndOfEarlyData, HelloRequest, ServerHelloDone. */
export const nothing: Codec<null> = { name: 'empty', read: () => null, write: () => {} }
