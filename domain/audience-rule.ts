/** Why an address must not be mailed, whatever anyone subscribes to. */
export const suppressionKinds = ['bounced', 'complained', 'blacklisted', 'invalid'] as const
export type SuppressionKind = (typeof suppressionKinds)[number]

/**
 * The audience rule in its order: the first that fails is the reason recorded (SPEC: the audience rule).
 * Rule 10, `capped`, joins when the sending history exists to judge it by.
 */
export const rules = [
  { number: 1, name: 'not_in_segments', text: 'is a member of at least one included segment' },
  { number: 2, name: 'subscription', text: "is subscribed to the message's categories" },
  { number: 3, name: 'excluded', text: 'is in no excluded segment or category' },
  { number: 4, name: 'opted_out', text: 'has not opted out of everything or of the resource' },
  { number: 5, name: 'unsubscribing', text: 'has no delayed unsubscribe running' },
  { number: 6, name: 'deleted', text: 'is not deleted' },
  { number: 7, name: 'no_address', text: 'has an active address on the channel' },
  { number: 8, name: 'suppressed', text: 'that address is not suppressed' },
  { number: 9, name: 'duplicate_address', text: 'no earlier contact of the audience has the same address' },
] as const
export type RuleName = (typeof rules)[number]['name']

/** Why a contact is not in an audience, or a recipient was skipped at send time. */
export type ExclusionReason =
  | 'not_subscribed'
  | 'unsubscribed'
  | 'pending'
  | 'excluded'
  | 'opted_out'
  | 'unsubscribing'
  | 'deleted'
  | 'no_address'
  | `suppressed:${SuppressionKind}`
  | 'duplicate_address'

/** Reasons for `skipped` that are the campaign's, not the contact's. */
export type SkipReason = ExclusionReason | 'cancelled'

/**
 * How candidates became an audience: contacts counted by the first rule that left them out.
 * `included` plus every other count equals the candidates, always. Reasons that met nobody are absent.
 */
export type Funnel = { included: number } & Partial<Record<ExclusionReason, number>>

export const candidatesOf = (funnel: Funnel): number => Object.values(funnel).reduce((sum, n) => sum + n, 0)

/** `any`: one of the message's categories is enough; `all`: every one is needed. */
export type Match = 'any' | 'all'
