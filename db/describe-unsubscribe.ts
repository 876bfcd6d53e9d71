import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import { scopeTables, scopeWith, type UnsubscribeScope } from './unsubscribe-scope.ts'

/**
 * - `subscribed`: pressing the button would change something.
 * - `already`: everything that the link can refuse was refused before.
 * - `prohibited`: the resource lets nobody unsubscribe.
 * - `gone`: nothing is known any more of what the link is about.
 */
export type DescribedUnsubscribe =
  | { kind: 'subscribed' | 'already' | 'prohibited'; scope: UnsubscribeScope }
  | { kind: 'gone' }

/** What a link would do, without doing it. */
export async function describeUnsubscribe(db: Db, claims: TokenClaims): Promise<DescribedUnsubscribe> {
  const { rows } = await description(claims).execute(db)
  if (rows[0] === undefined) return { kind: 'gone' }
  const { refused, ...scope } = rows[0]
  if (scope.mode === 'prohibited') return { kind: 'prohibited', scope }
  return { kind: refused ? 'already' : 'subscribed', scope }
}

// Contacts first: who opens the page is subscribed as a rule, and then the addresses need not be asked.
const description = (claims: TokenClaims) => sql<UnsubscribeScope & { refused: boolean }>`
  with ${scopeTables(claims)}
  ${scopeWith(sql`case
    when exists (select from (${holders(claims)}) as holder, target where not ${contactRefuses}) then false
    else not exists (select from unnest(keys) as key, target where not ${addressRefuses})
  end as refused`)}`

/** Every contact that has the address, and the one that the message went to, whatever its address is now. */
const holders = ({ contactId }: TokenClaims): Sql => sql`
  select id from contact where id = any(array(
    select ${contactId}::bigint
    union all
    select contact_id from link
    join contact_address on address_key = any(link.keys) and contact_address.channel = link.channel))`

// `offset 0` keeps each of these a look-up of one key. Without it the planner may prefer to read a table from end to
// end that was small when it looked, and the plan would stay when the table grows.
const contactRefuses = sql`case when target.category_id is null
  then exists (
    select from opt_out
    where contact_id = holder.id and resource_id = target.resource_id and channel = target.channel offset 0)
  else exists (
    select from subscription
    where contact_id = holder.id and category_id = target.category_id and status = 'unsubscribed' offset 0)
  end`

const addressRefuses = sql`exists (
  select from address_refusal as refusal
  where refusal.address_key = key and refusal.channel = target.channel
    and refusal.category_id is not distinct from target.category_id
    and refusal.resource_id is not distinct from target.resource_id offset 0)`
