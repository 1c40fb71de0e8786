import { type Codec, decode, encode } from '../../util/bytes.ts'
import { EXTENSION, type ExtensionName } from '../numbers.ts'
import { type Extension, rawExtension } from './extension.ts'

const NO_DATA = new Uint8Array(0)

export const extension = <T>(name: ExtensionName, codec: Codec<T>, value: T): Extension => ({
  type: EXTENSION[name],
  data: encode(codec, value),
})

export const emptyExtension = (name: ExtensionName): Extension => ({ type: EXTENSION[name], data: NO_DATA })

/** What the extension says, or null when it is not there. Throws `Malformed`. */
export function find<T>(extensions: readonly Extension[], name: ExtensionName, codec: Codec<T>): T | null {
  const found = rawExtension(extensions, name)
  return found === null ? null : decode(codec, found.data)
}

/** Flags are extensions without content. Throws `Malformed` when there is some. */
export function flag(extensions: readonly Extension[], name: ExtensionName): boolean {
  const found = rawExtension(extensions, name)
  if (found === null) return false
  decode({ name, read: () => null, write: () => {} }, found.data)
  return true
}
