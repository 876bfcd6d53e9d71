import { sql } from 'kysely'
import type { ChainHead } from '../domain/consent-chain.ts'
import type { ShownEvent } from '../domain/consent-document.ts'
import { parseEmail } from '../domain/email-address.ts'
import { messageIdOf } from '../domain/message-id.ts'
import type { Db } from './connect.ts'
import { loadAddressKeys } from './installation.ts'
import { contactsNamed } from './name-contact.ts'
import type { Id } from './schema.ts'

export interface ConsentHistory {
  contactId: Id
  /** The contact is gone; its proof stays. */
  isErased: boolean
  /** In hex. Of an erased contact: those that its events name. */
  addresses: { channel: string; addressKey: string }[]
  events: ShownEvent[]
  head: ChainHead
}

/**
 * The contacts that a person means by a name (`contactsNamed`); where there is none, erased ones of which events are
 * left, by id or by e-mail address. Looking for the latter reads all of the history.
 */
export async function provenContacts(db: Db, name: string): Promise<Id[]> {
  const living = await contactsNamed(db, name)
  if (living.length > 0) return living
  const email = parseEmail(name)
  if (!email.ok && !/^\d{1,18}$/.test(name)) return []
  const which = email.ok
    ? sql`address_key = ${(await loadAddressKeys(db))('email', email.normalised)} and channel = 'email'`
    : sql`contact_id = ${name}::bigint`
  const { rows } = await sql<{ contact_id: Id }>`
    select distinct contact_id from consent_event where ${which} order by contact_id`.execute(db)
  return rows.map((row) => row.contact_id)
}

/** Everything that is recorded of a contact's consent, as of one instant. */
export async function consentHistory(db: Db, contactId: Id): Promise<ConsentHistory> {
  const { rows } = await sql<Omit<ConsentHistory, 'contactId' | 'events'> & { events: EventRow[] }>`
    select not exists (select from contact where id = ${contactId}::bigint) as "isErased",
      (${addressesOf(contactId)}) as addresses,
      (select coalesce(jsonb_agg(to_jsonb(event) order by event.number), '[]') from (${eventsOf(contactId)}) as event) as events,
      coalesce((select jsonb_build_object('events', events, 'hash', encode(hash, 'hex')) from consent_head
        where contact_id = ${contactId}::bigint), '{"events": 0, "hash": ""}') as head`.execute(db)
  const [found] = rows
  if (found === undefined) throw new Error('a history is one row')
  return { ...found, contactId, events: found.events.map(shownEvent) }
}

const addressesOf = (contactId: Id) => sql`
  select coalesce(jsonb_agg(jsonb_build_object('channel', channel, 'addressKey', encode(address_key, 'hex'))), '[]') from (
    select channel, address_key from contact_address where contact_id = ${contactId}::bigint
    union
    select channel, address_key from consent_event
    where contact_id = ${contactId}::bigint and address_key is not null and channel is not null
      and not exists (select from contact where id = ${contactId}::bigint)
    order by channel, address_key
  ) as address`

interface EventRow extends Omit<ShownEvent, 'shown'> {
  category: string | null
  resource: string | null
  campaign: string | null
  seq: number | null
  sender: string | null
}

// sent_message has no seq: a look-up of its own, in the one partition that the campaign's id names.
const eventsOf = (contactId: Id) => sql`
  select event.contact_id::text as "contactId", event.number,
    to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, event.action, event.through, event.actor,
    event.channel, encode(event.address_key, 'hex') as "addressKey", event.category_id::text as "categoryId",
    event.resource_id::text as "resourceId", event.legal_basis as "legalBasis", event.explanation,
    event.campaign_id::text as "campaignId", event.wording, host(event.ip) as ip, event.user_agent as "userAgent",
    encode(event.previous, 'hex') as previous, encode(event.hash, 'hex') as hash,
    category.title as category, coalesce(resource.name, owner.name) as resource, campaign.title as campaign,
    sent.seq, sender.from_address as sender
  from consent_event as event
  left join category on category.id = event.category_id
  left join resource as owner on owner.id = category.resource_id
  left join resource on resource.id = event.resource_id
  left join campaign on campaign.id = event.campaign_id
  left join resource as sender on sender.id = campaign.resource_id
  left join lateral (select min(seq) as seq from recipient
    where recipient.campaign_id = event.campaign_id and recipient.contact_id = event.contact_id) as sent on true
  where event.contact_id = ${contactId}::bigint`

function shownEvent({ category, resource, campaign, seq, sender, ...event }: EventRow): ShownEvent {
  const domain = sender?.slice(sender.lastIndexOf('@') + 1)
  // The Message-ID as the channel writes it; without the ledger's row nobody knows its number any more.
  const messageId =
    seq === null || domain === undefined || event.campaignId === null
      ? null
      : messageIdOf(event.campaignId, seq, domain)
  return { ...event, shown: { category, resource, campaign, messageId } }
}
