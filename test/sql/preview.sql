with
  candidate as materialized (select contact_id from (select id as contact_id from contact) as anybody where true ),
  person as materialized (
    select *, reason is null as passes from (
      select contact_id, created_at, category_ids, case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
  end as reason
      from (
  select judged.contact_id,
    contact.created_at, eligible.category_ids,
    cardinality(eligible.category_ids) >= $1::int as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    excluded.contact_id is not null as excluded,
    opted_out.found is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted
  from (select contact_id from candidate) as judged
  left join contact on contact.id = judged.contact_id
  join (select contact_id,
      array_agg(category_id) filter (where status = 'subscribed') as subscribed,
      bool_or(status = 'unsubscribed') as refused,
      bool_or(status = 'pending') as pending from subscription where category_id = any($2::bigint[]) group by contact_id) as consent on consent.contact_id = judged.contact_id
  cross join lateral (select coalesce(consent.subscribed, '{}') as category_ids) as eligible
  left join (select null::bigint as contact_id where false) as excluded on excluded.contact_id = judged.contact_id
  left join (select contact_id, bool_or(true) as found from opt_out
      where (resource_id is null or resource_id = $3::bigint)
        and (channel is null or channel = $4) group by contact_id) as opted_out on opted_out.contact_id = judged.contact_id
  left join (select contact_id, array_agg(category_id) as categories, bool_or(category_id is null) as everything from pending_unsubscribe where state = 'pending' and resource_id = $5::bigint group by contact_id) as unsubscribing on unsubscribing.contact_id = judged.contact_id) as fact
    ) as judged
  ), reached as materialized (
    select contact_id, created_at, category_ids, address, address_key, case
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end as reason
    from (
      select person.contact_id, person.created_at, person.category_ids, address.address, address.address_key,
        suppression.kind as suppressed
      from person
      left join (
  select distinct on (contact_id) contact_id, value as address, address_key from contact_address
  where channel = $6 and status = 'active' and contact_id in (select contact_id from person where passes)
  order by contact_id, priority desc, value) as address on address.contact_id = person.contact_id
      left join suppression on suppression.address_key = address.address_key and suppression.channel = $7
      where person.passes
    ) as fact
  ), kept as (
    select *, row_number() over (partition by address_key order by created_at, contact_id) as copy
    from reached where reason is null
  )
  select reason, count(*)::int as contacts from person where reason is not null group by reason
  union all
  select reason, count(*)::int from reached where reason is not null group by reason
  union all
  select 'not_subscribed', (select count(*) from candidate)::int - (select count(*) from person)::int
  union all
  select 'duplicate_address', count(*)::int from kept where copy > 1
  union all
  select 'included', count(*)::int from kept where copy = 1
