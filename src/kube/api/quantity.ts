const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL = ['k', 'M', 'G', 'T', 'P', 'E']
const SMALL: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3 }

/** What a Quantity says when it is not one, as the API server does. */
export const QUANTITY_FORM =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** resource.Quantity: `100m`, `128Mi`, `1e3` as a number of units. Null for text that is none. */
export function parseQuantity(text: string): number | null {
  const match = FORM.exec(text)
  if (match === null) return null
  const [, digits, suffix = ''] = match
  const value = Number(digits)
  if (suffix === '') return value
  if (suffix in SMALL) return value * SMALL[suffix]
  if (BINARY.includes(suffix)) return value * 1024 ** (BINARY.indexOf(suffix) + 1)
  if (DECIMAL.includes(suffix)) return value * 1000 ** (DECIMAL.indexOf(suffix) + 1)
  return Number(`${digits}${suffix}`)
}

/** Amounts by resource name: cpu in thousandths of a core, everything else in units (bytes, pods). */
export type Resources = Readonly<Record<string, number>>

export const NO_RESOURCES: Resources = Object.freeze({})

/** As the scheduler counts: CPU in millicores, rounded up as Quantity.MilliValue does. */
export const amountOf = (resource: string, units: number): number =>
  Math.ceil(resource === 'cpu' ? Number((units * 1000).toFixed(6)) : units)

export function addResources(sum: Record<string, number>, more: Resources, times: 1 | -1 = 1): void {
  for (const name in more) sum[name] = (sum[name] ?? 0) + times * more[name]
}
