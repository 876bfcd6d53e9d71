import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import { recordConsent } from './consent.ts'
import { inheritRefusals, optOut, subscribe } from './imported-consent.ts'
import type { ContactDraft, GainedAddress, Provenance, SavedContact } from './imported-contact.ts'
import type { Id } from './schema.ts'

export interface BatchOutcome {
  /** The contacts' ids in the order of the drafts. */
  ids: Id[]
  created: Set<Id>
  /** Contacts of which anything changed: a field, an address, a subscription or an opt-out. */
  changed: Set<Id>
  /** Pairs of contact and category. */
  subscribed: number
  optedOut: number
  /** Pairs of contact and category that were not subscribed because the contact had refused before. */
  refusalsKept: number
}

/** The categories that contacts of a source can be subscribed to: keys to ids. */
export async function loadCategoryIds(db: Db, source: string): Promise<Map<string, Id>> {
  const rows = await db
    .selectFrom('category')
    .innerJoin('resource', 'resource.id', 'category.resource_id')
    .select(['category.key', 'category.id'])
    .where('category.archived_at', 'is', null)
    .where('category.deleted_at', 'is', null)
    .where(sql<boolean>`(contact_sources is null or ${source} = any(contact_sources))`)
    .execute()
  return new Map(rows.map((row) => [row.key, row.id]))
}

/**
 * Writes a batch of contacts. Call it in a transaction, after `takeTurn(db)`.
 * The order matters: refusals, inherited or from the file, stand before anybody is subscribed.
 */
export async function saveContacts(db: Db, drafts: readonly ContactDraft[], from: Provenance): Promise<BatchOutcome> {
  const { contacts, created } = await withIds(db, drafts)
  await insertContacts(
    db,
    contacts.filter((contact) => created.has(contact.id)),
    from,
  )
  const edited = await updateContacts(
    db,
    contacts.filter((contact) => !created.has(contact.id)),
  )
  const gained = await insertAddresses(db, contacts, from)
  const inherited = await inheritRefusals(db, gained, from)
  const optedOut = await optOut(db, contacts, from)
  const { subscribed, refused } = await subscribe(db, contacts, from)
  await recordConsent(db, [...inherited, ...optedOut, ...subscribed])
  const events = [...inherited, ...optedOut, ...subscribed].map((event) => event.contact_id)
  return {
    ids: contacts.map((contact) => contact.id),
    created,
    changed: new Set([...edited, ...gained.map((each) => each.contact_id), ...events]),
    subscribed: subscribed.length,
    optedOut: optedOut.length,
    refusalsKept: refused,
  }
}

/** Ids are drawn before the insert, so that new contacts are numbered in the order of the file. */
async function withIds(
  db: Db,
  drafts: readonly ContactDraft[],
): Promise<{ contacts: SavedContact[]; created: Set<Id> }> {
  const needed = drafts.filter((draft) => draft.id === null).length
  const { rows } = await sql<{ id: Id }>`
    select nextval(pg_get_serial_sequence('contact', 'id')) as id from generate_series(1, ${needed}::int)`.execute(db)
  const fresh = rows.map((row) => row.id)
  const created = new Set(fresh)
  const contacts = drafts.map((draft) => ({ ...draft, id: draft.id ?? (fresh.shift() as Id) }))
  return { contacts, created }
}

const fieldArrays = (contacts: readonly SavedContact[]) => sql`
  unnest(${contacts.map((each) => each.id)}::bigint[], ${contacts.map((each) => each.externalId)}::text[],
    ${contacts.map((each) => each.firstName)}::text[], ${contacts.map((each) => each.lastName)}::text[],
    ${contacts.map((each) => each.language)}::text[], ${contacts.map((each) => each.timeZone)}::text[],
    ${contacts.map((each) => each.attributes)}::jsonb[])
  as given (id, external_id, first_name, last_name, language, time_zone, attributes)`

async function insertContacts(db: Db, contacts: readonly SavedContact[], from: Provenance): Promise<void> {
  if (contacts.length === 0) return
  await sql`
    insert into contact (id, external_id, first_name, last_name, language, time_zone, attributes, source)
    overriding system value
    select given.*, ${from.source}::text from ${fieldArrays(contacts)}`.execute(db)
}

async function updateContacts(db: Db, contacts: readonly SavedContact[]): Promise<Id[]> {
  if (contacts.length === 0) return []
  const { rows } = await sql<{ id: Id }>`
    update contact set
      first_name = merged.first_name, last_name = merged.last_name, language = merged.language,
      time_zone = merged.time_zone, attributes = merged.attributes, updated_at = now()
    from (
      select held.id, coalesce(given.first_name, held.first_name) as first_name,
        coalesce(given.last_name, held.last_name) as last_name, coalesce(given.language, held.language) as language,
        coalesce(given.time_zone, held.time_zone) as time_zone, held.attributes || given.attributes as attributes
      from contact held join ${fieldArrays(contacts)} on given.id = held.id
    ) merged
    where contact.id = merged.id
      and (contact.first_name, contact.last_name, contact.language, contact.time_zone, contact.attributes)
        is distinct from
        (merged.first_name, merged.last_name, merged.language, merged.time_zone, merged.attributes)
    returning contact.id`.execute(db)
  return rows.map((row) => row.id)
}

/** A further address of a contact goes before those it has: the file knows better where they are reached now. */
async function insertAddresses(
  db: Db,
  contacts: readonly SavedContact[],
  from: Provenance,
): Promise<readonly GainedAddress[]> {
  const all = contacts.flatMap(({ id, addresses }) => addresses.map((each, place) => ({ ...each, id, place })))
  const { rows } = await sql<GainedAddress>`
    insert into contact_address (contact_id, channel, value, address_key, priority)
    select given.contact_id, ${from.channel}, given.value, given.address_key,
      -- A smallint holds no more; a contact with that many addresses is no person.
      least(32767, given.place + coalesce((
        select max(priority) + 1 from contact_address held
        where held.contact_id = given.contact_id and held.channel = ${from.channel}), 0))
    from unnest(${all.map((each) => each.id)}::bigint[], ${all.map((each) => each.value)}::text[],
      ${byteaArray(all.map((each) => each.key))}, ${all.map((each) => each.place)}::int[])
      as given (contact_id, value, address_key, place)
    where not exists (
      select from contact_address held
      where held.contact_id = given.contact_id and held.channel = ${from.channel}
        and held.address_key = given.address_key)
    on conflict do nothing
    returning contact_id, address_key`.execute(db)
  return rows
}
