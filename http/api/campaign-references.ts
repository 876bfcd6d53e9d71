import type { z } from 'zod'
import { findVisible, hiddenSegments } from '../../db/visible.ts'
import type { campaignJson } from '../../domain/campaign-definition.ts'
import { Refusal } from '../../domain/refusal.ts'
import { ApiError } from './api-error.ts'
import type { Call } from './route.ts'

/**
 * Everything that a definition names must be the caller's to name: the numbers of a funnel would tell of others.
 * @throws {Refusal} in the words for what does not exist. @throws ApiError 409 when another group has the key.
 */
export async function requireOwn(
  { deps: { db }, group }: Pick<Call<0, 0, 0>, 'deps' | 'group'>,
  definition: z.output<typeof campaignJson>,
): Promise<void> {
  if (group === null) return
  const { resource, categories, doNotSendTo, respectUnsubscribesOf, segments, excludeSegments } = definition
  const lists = { categories, doNotSendTo, respectUnsubscribesOf }
  refuseUnless((await findVisible(db, 'resource', [resource], group)).has(resource), 'resource', resource)
  for (const [field, keys] of Object.entries(lists)) {
    const own = await findVisible(db, 'category', keys, group)
    for (const key of keys) refuseUnless(own.has(key), field, key)
  }
  for (const [field, keys] of Object.entries({ segments, excludeSegments })) {
    const [hidden] = await hiddenSegments(db, keys, group)
    refuseUnless(hidden === undefined, field, hidden ?? '')
  }
  const taken = (await findVisible(db, 'campaign', [definition.key], null)).has(definition.key)
  if (taken && !(await findVisible(db, 'campaign', [definition.key], group)).has(definition.key))
    throw new ApiError('conflict', 'The key is taken: choose another.')
}

function refuseUnless(isOwn: boolean, field: string, key: string): void {
  if (isOwn) return
  throw new Refusal({ field, rule: `there is no ${key}`, remedy: 'Create it first, or correct the key.' })
}
