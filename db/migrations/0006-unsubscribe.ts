import { type Kysely, sql } from 'kysely'

// Parts of the statements behind unsubscribe links that have to be functions.
const statements = [
  // Where a message went and which categories made the recipient eligible, from the ledger or, when its partition was
  // dropped, from what is known of contact and message. PostgreSQL plans a function's queries apart: with more than a
  // few partitions a look-up in the ledger is planned anew at each call, and a large statement that held it would be
  // planned with it.
  `create function sent_message(campaign bigint, contact bigint)
    returns table (address text, address_keys bytea[], category_ids bigint[]) language plpgsql stable rows 1 as $$
  begin
    return query select r.address, array[r.address_key], r.category_ids from recipient as r
      where r.campaign_id = campaign and r.contact_id = contact order by r.seq limit 1;
    if found then return; end if;
    return query select (array_agg(a.value order by a.priority desc, a.value))[1],
        array_remove(array_agg(a.address_key order by a.priority desc, a.value), null),
        array(select m.category_id from message_category as m where m.message_id = c.message_id)
      from campaign as c left join contact_address as a on a.contact_id = contact and a.channel = c.channel
      where c.id = campaign group by c.id;
  end $$`,

  // Takes the turn of a refusal (db/consent.ts has the same lock) and then finds every contact that has one of the
  // addresses, and the one given. A volatile function sees what was committed while it waited; the statement around it
  // does not. The contacts are kept from being erased until the transaction ends. The keys are unnested because the
  // planner looks into a parameter that is an array, and would plan anew at each call.
  `create function holders_in_turn(contact bigint, keys bytea[], on_channel text)
    returns setof bigint language plpgsql volatile rows 10 as $$
  begin
    perform pg_advisory_xact_lock_shared(hashtextextended('addressee: refusals and imports', 0));
    return query select c.id from contact as c
      where c.id = any(array(
        select contact
        union all
        select a.contact_id from contact_address as a
        where a.address_key = any(array(select unnest(keys))) and a.channel = on_channel))
      order by c.id for key share;
  end $$`,
]

/** What unsubscribing needs besides statements. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
