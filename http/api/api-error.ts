/** Every way in which an API says no, apart from a `Refusal` and an `Unavailable`, by HTTP status. */
export const apiErrors = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  invalid: { status: 400, title: 'A value is wrong' },
  unauthenticated: { status: 401, title: 'No valid API key' },
  missing_scope: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not possible here' },
  conflict: { status: 409, title: 'In conflict with what is so' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  other_request: { status: 422, title: 'The idempotency key belongs to another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
} as const
export type ApiErrorKind = keyof typeof apiErrors

export interface ApiErrorDetails {
  headers?: Record<string, string>
  /** The scope that the key lacks. */
  scope?: string
}

/** Thrown on the way to a handler or in it; each API puts it into its own words. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind
  readonly details: ApiErrorDetails

  constructor(kind: ApiErrorKind, detail: string, details: ApiErrorDetails = {}) {
    super(detail)
    this.name = 'ApiError'
    this.kind = kind
    this.details = details
  }

  get status() {
    return apiErrors[this.kind].status
  }
}
