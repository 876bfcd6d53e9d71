import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import type { ConsentEventInput } from './consent.ts'
import type { GainedAddress, Provenance, SavedContact } from './imported-contact.ts'
import type { Id } from './schema.ts'

interface InheritedRefusal extends GainedAddress {
  category_id: Id | null
  resource_id: Id | null
}

/** What was refused through an address holds for whoever gains it (SPEC: unsubscribing). */
export async function inheritRefusals(
  db: Db,
  gained: readonly GainedAddress[],
  from: Provenance,
): Promise<ConsentEventInput[]> {
  const { rows: refusals } = await sql<InheritedRefusal>`
    select given.contact_id, given.address_key, refusal.category_id, refusal.resource_id
    from unnest(${gained.map((each) => each.contact_id)}::bigint[], ${byteaArray(gained.map((each) => each.address_key))})
      as given (contact_id, address_key)
    join address_refusal refusal
      on refusal.address_key = given.address_key and refusal.channel = ${from.channel}`.execute(db)
  const unsubscribed = await unsubscribe(
    db,
    refusals.filter((refusal) => refusal.category_id !== null),
    from,
  )
  const optedOut = await insertOptOuts(
    db,
    refusals.filter((refusal) => refusal.category_id === null),
    from.channel,
    from,
  )
  const inherited = { through: 'import', channel: from.channel, explanation: 'inherited from the address' } as const
  return [
    ...unsubscribed.map((refusal) => ({ ...refusal, ...inherited, action: 'unsubscribed' as const })),
    ...optedOut.map((refusal) => ({ ...refusal, ...inherited, action: 'opted_out' as const })),
  ]
}

async function unsubscribe(
  db: Db,
  refusals: readonly InheritedRefusal[],
  from: Provenance,
): Promise<readonly InheritedRefusal[]> {
  const { rows } = await sql<{ contact_id: Id; category_id: Id }>`
    insert into subscription (contact_id, category_id, status, source)
    select distinct contact_id, category_id, 'unsubscribed', ${from.source}
    from unnest(${refusals.map((each) => each.contact_id)}::bigint[],
      ${refusals.map((each) => each.category_id)}::bigint[]) as given (contact_id, category_id)
    on conflict (category_id, contact_id) do update
      set status = 'unsubscribed', source = excluded.source, legal_basis = null, explanation = null, changed_at = now()
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id`.execute(db)
  return rows.flatMap(
    (row) => refusals.find((each) => each.contact_id === row.contact_id && each.category_id === row.category_id) ?? [],
  )
}

interface OptOutScope {
  contact_id: Id
  address_key: Buffer
  resource_id: Id | null
}

/** @returns those that are new: an opt-out that stands already, or a wider one, is left alone. */
async function insertOptOuts<Scope extends OptOutScope>(
  db: Db,
  scopes: readonly Scope[],
  channel: string | null,
  from: Provenance,
): Promise<Scope[]> {
  const { rows } = await sql<{ contact_id: Id; resource_id: Id | null }>`
    insert into opt_out (contact_id, resource_id, channel, source)
    select distinct given.contact_id, given.resource_id, ${channel}::text, ${from.source}
    from unnest(${scopes.map((each) => each.contact_id)}::bigint[], ${scopes.map((each) => each.resource_id)}::bigint[])
      as given (contact_id, resource_id)
    where not exists (
      select from opt_out held
      where held.contact_id = given.contact_id
        and (held.resource_id is null or held.resource_id = given.resource_id)
        and (held.channel is null or held.channel = ${channel}::text))
    on conflict do nothing
    returning contact_id, resource_id`.execute(db)
  return rows.flatMap(
    (row) => scopes.find((each) => each.contact_id === row.contact_id && each.resource_id === row.resource_id) ?? [],
  )
}

/** The file's own opt-outs: from everything, on every channel. */
export async function optOut(
  db: Db,
  contacts: readonly SavedContact[],
  from: Provenance,
): Promise<ConsentEventInput[]> {
  const scopes = contacts
    .filter((contact) => contact.optOut)
    .map((contact) => ({ contact_id: contact.id, address_key: lastKey(contact), resource_id: null }))
  const added = await insertOptOuts(db, scopes, null, from)
  const proof = { through: 'import', legal_basis: from.legalBasis, explanation: from.explanation } as const
  return added.map((scope) => ({ ...scope, ...proof, action: 'opted_out' as const }))
}

const lastKey = (contact: SavedContact): Buffer => (contact.addresses.at(-1) as { key: Buffer }).key

/** Subscribes whoever has not refused; who is subscribed or asked to confirm is left as they are. */
export async function subscribe(
  db: Db,
  contacts: readonly SavedContact[],
  from: Provenance,
): Promise<{ subscribed: ConsentEventInput[]; refused: number }> {
  // Who opts out in this file is not asked: that they are not subscribed is no refusal kept from before.
  const willing = contacts.filter((contact) => !contact.optOut)
  const pairs = willing.flatMap((contact) => [...contact.categoryIds].map((category) => ({ contact, category })))
  const { rows } = await sql<{ contact_id: Id; category_id: Id; refused: boolean }>`
    with wanted as (
      select given.contact_id, given.category_id,
        coalesce(held.status = 'unsubscribed', exists (
          select from opt_out
          where opt_out.contact_id = given.contact_id
            and (opt_out.resource_id is null or opt_out.resource_id = category.resource_id)
            and (opt_out.channel is null or opt_out.channel = ${from.channel}))) as refused
      from unnest(${pairs.map((pair) => pair.contact.id)}::bigint[], ${pairs.map((pair) => pair.category)}::bigint[])
        as given (contact_id, category_id)
      join category on category.id = given.category_id and category.deleted_at is null
      left join subscription held
        on held.category_id = given.category_id and held.contact_id = given.contact_id
    ), added as (
      insert into subscription (category_id, contact_id, status, legal_basis, explanation, source)
      select category_id, contact_id, 'subscribed', ${from.legalBasis}::text, ${from.explanation}::text, ${from.source}
      from wanted where not refused
      on conflict do nothing
      returning contact_id, category_id
    )
    select contact_id, category_id, false as refused from added
    union all
    select contact_id, category_id, true from wanted where refused`.execute(db)
  const keys = new Map(willing.map((contact) => [contact.id, lastKey(contact)]))
  const proof = { through: 'import', legal_basis: from.legalBasis, explanation: from.explanation } as const
  const subscribed = rows
    .filter((row) => !row.refused)
    .map(({ contact_id, category_id }) => ({
      contact_id,
      category_id,
      ...proof,
      action: 'subscribed' as const,
      channel: from.channel,
      address_key: keys.get(contact_id) ?? null,
    }))
  return { subscribed, refused: rows.filter((row) => row.refused).length }
}
