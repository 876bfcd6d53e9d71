import { parseEmail } from '../../domain/email-address.ts'
import { ApiError } from '../api/api-error.ts'
import { legalBases } from '../api/shapes.ts'

export interface UpdateRequest {
  emailAddress: string
  subscriptionId: string
  legalBasis: (typeof legalBases)[number] | undefined
  legalBasisExplanation: string | undefined
}

const longestExplanation = 2000

/**
 * A body of subscribe or unsubscribe, refused in HubSpot's words: for what is missing they are those that its clients
 * report (HubSpot/hubspot-api-ruby, issue 170).
 * @throws ApiError 400
 */
export function readUpdate(body: Record<string, unknown>): UpdateRequest {
  const missing = ['emailAddress', 'subscriptionId'].filter((name) => (body[name] ?? null) === null)
  if (missing.length > 0)
    throw bad(
      `Cannot build PublicUpdateSubscriptionStatusRequest, some of required attributes are not set [${missing.join(', ')}]`,
    )
  return {
    emailAddress: checkAddress(textOf(body, 'emailAddress') ?? ''),
    subscriptionId: textOf(body, 'subscriptionId') ?? '',
    legalBasis: basisOf(textOf(body, 'legalBasis')),
    legalBasisExplanation: textOf(body, 'legalBasisExplanation'),
  }
}

const bad = (message: string): ApiError => new ApiError('bad_request', message)

/** A number is taken for its digits, as Java's parsers do it. */
function textOf(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') throw bad(`Cannot deserialize value of type \`String\` for ${name}`)
  if (value.length > longestExplanation) throw bad(`${name} has more than ${longestExplanation} characters`)
  return value
}

function basisOf(written: string | undefined): UpdateRequest['legalBasis'] {
  if (written === undefined) return undefined
  const basis = legalBases.find((each) => each === written)
  if (basis !== undefined) return basis
  const accepted = legalBases.join(', ')
  throw bad(
    `Cannot deserialize value of type \`LegalBasis\` from String ${JSON.stringify(written)}: not one of the values accepted for Enum class: [${accepted}]`,
  )
}

/** @returns the address as it was written. */
export function checkAddress(written: string): string {
  if (parseEmail(written).ok) return written
  throw new ApiError('invalid', `Email address ${written} is invalid`)
}
