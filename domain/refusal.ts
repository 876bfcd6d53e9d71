/** What a refused input gets: which field, which rule it broke, and what to do about it. */
export interface RefusalDetails {
  /** Path of the offending field as the caller wrote it, e.g. `message.content.en.html`. */
  field: string
  /** The rule, as one clause: "must lie in the future". */
  rule: string
  /** What to do, as one sentence: "Pass a later time, or use --now." */
  remedy: string
}

/**
 * Input that would be refused again however often it is repeated. The edges turn it into exit code 1,
 * a problem+json answer or a non-retryable failure; nothing has been changed when it is thrown.
 */
export class Refusal extends Error {
  readonly details: RefusalDetails

  constructor(details: RefusalDetails) {
    super(`${details.field}: ${details.rule}. ${details.remedy}`)
    this.name = 'Refusal'
    this.details = details
  }
}

/** A server that we depend on does not answer. Repeating the call later may succeed. */
export class Unavailable extends Error {
  constructor(what: string, remedy: string, cause?: unknown) {
    super(`${what}. ${remedy}`, { cause })
    this.name = 'Unavailable'
  }
}
