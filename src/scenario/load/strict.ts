import { nearest } from '../../util/near.ts'
import type { ObjectReader } from './fields.ts'
import { KNOWN_FIELDS } from './known-fields.ts'

type Shapes = ReadonlyMap<string, string>

const parsed = new Map<string, Shapes>()

/**
 * Fields that the API server does not know, as `kubectl apply` with its strict validation refuses them. What comes from an API
 * server (it has a uid, or a status) is taken as it is: it may be newer than our table.
 */
export function checkFields(reader: ObjectReader): void {
  const { value } = reader.raw
  const object = value as { metadata?: { uid?: unknown; resourceVersion?: unknown }; status?: unknown }
  const { uid, resourceVersion } = object.metadata ?? {}
  if (object.status !== undefined || uid !== undefined || resourceVersion !== undefined) return
  if (KNOWN_FIELDS[reader.kind] !== undefined) checkObject(reader, [], reader.kind, value as Record<string, unknown>)
}

function checkObject(
  reader: ObjectReader,
  path: readonly (string | number)[],
  type: string,
  value: Record<string, unknown>,
): void {
  const shapes = shapesOf(type)
  for (const key of Object.keys(value)) {
    const shape = shapes.get(key)
    if (shape === undefined) unknown(reader, [...path, key], key, [...shapes.keys()])
    else if (shape.startsWith('[')) {
      const list = value[key]
      if (!Array.isArray(list)) continue
      for (const [i, item] of list.entries())
        if (isObject(item)) checkObject(reader, [...path, key, i], shape.slice(1), item)
    } else if (shape !== '' && shape !== '*' && isObject(value[key])) {
      checkObject(reader, [...path, key], shape, value[key])
    }
  }
}

function unknown(reader: ObjectReader, path: readonly (string | number)[], key: string, known: string[]): void {
  const name = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  const near = nearest(key, known)
  const what = `strict decoding error: unknown field "${name.slice(1)}"`
  reader.refuse(path, what, near.length === 0 ? undefined : near.join(' or '))
}

function shapesOf(type: string): Shapes {
  let shapes = parsed.get(type)
  if (shapes === undefined) {
    const words = (KNOWN_FIELDS[type] ?? '').split(' ')
    shapes = new Map(
      words.map((word) => word.split(':') as [string, string?]).map(([name, shape = '']) => [name, shape]),
    )
    parsed.set(type, shapes)
  }
  return shapes
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
