/** Why the API server refused: metav1.StatusReason. */
export type Reason = 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Invalid' | 'TooManyRequests' | 'Forbidden'

/** A field that validation refused. `message` begins with its type: `Invalid value: -1: must be …`. */
export interface FieldError {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A request that the API server refuses, in its words. */
export class ApiError extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
    readonly fields: readonly FieldError[] = [],
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** `spec.containers[0].name: Required value`. */
export function formatField({ path, message }: FieldError): string {
  const name = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return `${name.replace(/^\./, '')}: ${message}`
}

/** `Deployment.apps "web" is invalid: …`, several faults in brackets, as field.ErrorList prints them. */
export function invalid(kind: string, resource: string, name: string, fields: readonly FieldError[]): ApiError {
  const group = resource.includes('.') ? resource.slice(resource.indexOf('.')) : ''
  const texts = fields.map(formatField)
  const detail = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new ApiError('Invalid', `${kind}${group} "${name}" is invalid: ${detail}`, fields)
}
