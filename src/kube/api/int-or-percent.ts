/** An IntOrString: a number, or a share such as `25%`. */
export type IntOrPercent = number | `${number}%`

/** intstr.GetScaledValueFromIntOrPercent: shares of `total` are rounded up or down. */
export function scaled(value: IntOrPercent, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value
  const share = (Number(value.slice(0, -1)) * total) / 100
  return roundUp ? Math.ceil(share) : Math.floor(share)
}

export const isPercent = (text: string): text is `${number}%` => /^\d+%$/.test(text)
