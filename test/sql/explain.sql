with candidate as materialized (select contact_id from (select id as contact_id from contact) as anybody where true and contact_id = any(array(
    select contact_id from contact_address where channel = $1 and address_key in (
      select address_key from contact_address where contact_id = $2 and channel = $3)
    union select $4::bigint))),
    judged as materialized (
      select fact.*, coalesce(case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
  end, case
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end) as reason,
        exists (select from candidate where candidate.contact_id = fact.contact_id) as in_segments
      from (
  select judged.contact_id,
    contact.created_at, eligible.category_ids,
    cardinality(eligible.category_ids) >= $5::int as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    excluded.contact_id is not null as excluded,
    opted_out.found is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted,
    address.address, address.address_key, suppression.kind as suppressed
  from (
    select contact_id from contact_address where channel = $6 and address_key in (
      select address_key from contact_address where contact_id = $7 and channel = $8)
    union select $9::bigint) as judged
  left join lateral (select * from contact where id = judged.contact_id offset 0) as contact on true
  left join lateral (select
      array_agg(category_id) filter (where status = 'subscribed') as subscribed,
      bool_or(status = 'unsubscribed') as refused,
      bool_or(status = 'pending') as pending from subscription where category_id = any($10::bigint[]) and contact_id = judged.contact_id) as consent on true
  cross join lateral (select coalesce(consent.subscribed, '{}') as category_ids) as eligible
  left join lateral (select null::bigint as contact_id where false) as excluded on true
  left join lateral (select bool_or(true) as found from opt_out
      where (resource_id is null or resource_id = $11::bigint)
        and (channel is null or channel = $12) and contact_id = judged.contact_id) as opted_out on true
  left join lateral (select array_agg(category_id) as categories, bool_or(category_id is null) as everything from pending_unsubscribe where state = 'pending' and resource_id = $13::bigint and contact_id = judged.contact_id) as unsubscribing on true
  left join lateral (
  select distinct on (contact_id) contact_id, value as address, address_key from contact_address
  where channel = $14 and status = 'active' and contact_id = judged.contact_id
  order by contact_id, priority desc, value) as address on true
  left join lateral (select kind from suppression
    where suppression.address_key = address.address_key and suppression.channel = $15 offset 0) as suppression on true) as fact
    ), ranked as (
      select contact_id, row_number() over (partition by address_key order by created_at, contact_id) as copy
      from judged where in_segments and (reason is null or contact_id = $16)
    )
    select judged.*, ranked.copy::int from judged left join ranked using (contact_id)
    where contact_id = $17
