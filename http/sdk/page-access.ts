import type { Db } from '../../db/connect.ts'
import { categoryIdsOf, type PageResource, resourceOfCampaign } from '../../db/page-access.ts'
import type { LinkTarget } from '../../db/unsubscribe-scope.ts'
import type { TokenClaims, Tokens } from '../../domain/link-token.ts'
import { type Fault, fault } from './json-body.ts'

// What the browser SDK and the server API have in common: a message that is named by its smid, and categories of its
// resource that are named by their keys.

const badSmids = {
  malformed: fault(400, 'bad_smid', 'smid is not the id of a message: it was cut or changed.'),
  // Forged and cut read the same: whoever makes ids up learns nothing.
  forged: fault(400, 'bad_smid', 'smid is not the id of a message: it was cut or changed.'),
  retired_key: fault(410, 'smid_too_old', 'smid was made with a secret that is no longer in use.'),
}

export const goneFault = fault(410, 'gone', 'Neither the message nor the contact is known any more.')

/** Which message is meant, if it is one of the resource's. */
export async function messageOf(
  db: Db,
  tokens: Tokens,
  smid: string,
  resource: PageResource,
): Promise<TokenClaims | Fault> {
  const verified = tokens.verify(smid, 'message')
  if (!verified.ok) return badSmids[verified.why]
  const owner = await resourceOfCampaign(db, verified.claims.campaignId)
  if (owner === undefined) return goneFault
  if (owner !== resource.id) return fault(403, 'wrong_resource', 'smid names a message of another resource.')
  return verified.claims
}

/** @param without what is meant when no categories are named. */
export async function targetOf(
  db: Db,
  resource: PageResource,
  categories: string[] | undefined,
  without: LinkTarget,
): Promise<LinkTarget | Fault> {
  if (categories === undefined) return without
  const ids = await categoryIdsOf(db, resource.id, [...new Set(categories)])
  if (ids !== undefined) return { kind: 'categories', ids }
  return fault(422, 'unknown_category', `categories: not all of them are categories of the resource ${resource.key}.`)
}
