with picked as materialized (
      select seq, contact_id, address from recipient
      where campaign_id = $1 and seq between $2 and $3 and state = 'queued'
        and (not_before is null or not_before <= now())
        and exists (select from campaign where id = $4 and state = 'sending' and paused_at is null)
      order by seq limit $5 for update skip locked
    ), judged as materialized (
      select picked.seq, verdict.category_ids, verdict.reason
      from picked join (
        select contact_id, category_ids, coalesce(case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
  end, case
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end) as reason
        from (
  select person.*, address.address, address.address_key, suppression.kind as suppressed
  from (
  select judged.contact_id, contact.created_at, eligible.category_ids,
    cardinality(eligible.category_ids) >= $6::int as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    false as excluded,
    opted_out.contact_id is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted
  from (select contact_id, address from picked) as judged
  left join contact on contact.id = judged.contact_id
  left join lateral (
  select contact_id,
    array_agg(category_id) as said,
    array_agg(category_id) filter (where status = 'subscribed') as subscribed,
    bool_or(status = 'unsubscribed') as refused,
    bool_or(status = 'pending') as pending
  from subscription where category_id = any($7::bigint[]) and contact_id = judged.contact_id
  group by contact_id) as consent on consent.contact_id = judged.contact_id
  cross join lateral (select coalesce(consent.subscribed, '{}') as category_ids) as eligible
  left join lateral (
  select contact_id from opt_out
  where (resource_id is null or resource_id = $8::bigint)
    and (channel is null or channel = $9) and contact_id = judged.contact_id
  group by contact_id) as opted_out on opted_out.contact_id = judged.contact_id
  left join lateral (
  select contact_id, array_agg(category_id) as categories, bool_or(category_id is null) as everything
  from pending_unsubscribe
  where state = 'pending' and resource_id = $10::bigint and contact_id = judged.contact_id
  group by contact_id) as unsubscribing on unsubscribing.contact_id = judged.contact_id) as person
  join (select contact_id, address from picked) as judged on judged.contact_id = person.contact_id
  left join lateral (select contact_id, value as address, address_key from contact_address
    where contact_id = judged.contact_id and channel = $11 and value = judged.address and status = 'active') as address on true
  left join suppression on suppression.address_key = address.address_key and suppression.channel = $12) as fact
      ) as verdict on verdict.contact_id = picked.contact_id
    ), changed as (
      update recipient r set
        state = case when judged.reason is null then 'claimed' else 'skipped' end,
        reason = judged.reason,
        category_ids = case when judged.reason is null then judged.category_ids else r.category_ids end,
        attempts = r.attempts + case when judged.reason is null then 1 else 0 end,
        claim_token = $13::uuid, claimed_at = now(),
        settled_at = case when judged.reason is null then null else now() end
      from judged where r.campaign_id = $14 and r.seq = judged.seq
      returning r.seq, r.attempts, r.contact_id, r.address, r.reason
    )
    select changed.seq, changed.attempts, changed.contact_id as "contactId", changed.address, changed.reason,
      c.first_name as "firstName", c.last_name as "lastName", c.external_id as "externalId", c.language,
      c.time_zone as "timeZone", c.attributes
    from changed
    -- offset 0 keeps this a look-up for each row, whatever the planner makes of the number of rows
    left join lateral (select * from contact where id = changed.contact_id offset 0) as c on true
    order by changed.seq
