import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** Where a contact's chain is broken first. `number` is the event's place; one more than there are when the end is. */
export interface ChainBreak {
  contactId: Id
  number: number
  what: 'number' | 'previous' | 'hash' | 'end'
}

export interface ChainCheck {
  contacts: number
  events: number
  breaks: ChainBreak[]
}

const contactsAtATime = 2000

/**
 * Walks every chain of the installation, page by page: numbers, links and hashes of all events, and that each chain
 * ends where `consent_head` says.
 * @param onPage called after each page with what was found so far.
 */
export async function checkChains(db: Db, onPage: (sofar: ChainCheck) => void = () => {}): Promise<ChainCheck> {
  const checked: ChainCheck = { contacts: 0, events: 0, breaks: [] }
  for (let after: Id | null = '-1'; after !== null; ) {
    const page: Page = await checkPage(db, after)
    checked.contacts += page.contacts
    checked.events += page.events
    checked.breaks.push(...page.breaks)
    onPage(checked)
    after = page.last
  }
  return checked
}

interface Page extends ChainCheck {
  /** Null when there are no more contacts. */
  last: Id | null
}

// Heads and events both name contacts: of a chain either may be missing. One statement sees them as of one instant.
async function checkPage(db: Db, after: Id): Promise<Page> {
  const { rows } = await sql<Page>`
    with page as materialized (
      select contact_id from (
        (select contact_id from consent_head where contact_id > ${after}::bigint order by contact_id limit ${contactsAtATime})
        union
        (select distinct contact_id from consent_event where contact_id > ${after}::bigint order by contact_id limit ${contactsAtATime})
      ) as either order by contact_id limit ${contactsAtATime}
    ), chained as materialized (
      select *, lag(hash, 1, ''::bytea) over (partition by contact_id order by place) as before,
        consent_event_hash(previous, number, event) as reckoned
      from (
        -- Not by id: of two transactions the one that drew its id later may have come first into the chain.
        select e.contact_id, e.number, e.previous, e.hash, e as event,
          row_number() over (partition by e.contact_id order by e.number, e.id)::int as place
        from consent_event as e where e.contact_id in (table page)
      ) as placed
    ), ended as (
      select distinct on (contact_id) contact_id, place as events, hash from chained order by contact_id, place desc
    ), judged as (
      select contact_id, place as number, case
        when number is distinct from place then 'number'
        when previous is distinct from before then 'previous'
        when hash is distinct from reckoned then 'hash' end as what
      from chained
      union all
      select contact_id, coalesce(ended.events, 0) + 1, 'end'
      from page left join ended using (contact_id) left join consent_head as head using (contact_id)
      where head.events is distinct from ended.events or head.hash is distinct from ended.hash
    ), broken as (
      select distinct on (contact_id) contact_id, number, what from judged where what is not null order by contact_id, number
    )
    select (select count(*)::int from page) as contacts, (select count(*)::int from chained) as events,
      (select max(contact_id) from page) as last,
      (select coalesce(jsonb_agg(jsonb_build_object('contactId', contact_id::text, 'number', number, 'what', what)
        order by contact_id), '[]') from broken) as breaks`.execute(db)
  const [page] = rows
  if (page === undefined) throw new Error('a page of chains is one row')
  return page
}
