with picked as materialized (
      select seq, ctid as place, contact_id, address from "recipient_N"
      where campaign_id = $1 and seq between $2 and $3 and state = 'queued'
        and (not_before is null or not_before <= now())
        and exists (select from campaign where id = $4 and state = 'sending' and paused_at is null)
      order by seq limit $5 for update skip locked
    ), judged as materialized (
      select fact.*, coalesce(case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
  end, case
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end) as reason from (
  select judged.contact_id,
    contact.created_at, eligible.category_ids,
    cardinality(eligible.category_ids) >= $6::int as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    false as excluded,
    opted_out.found is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted,
    address.address, address.address_key, suppression.kind as suppressed , judged.seq, judged.place, contact.first_name as "firstName", contact.last_name as "lastName",
  contact.external_id as "externalId", contact.language, contact.time_zone as "timeZone", contact.attributes
  from (table picked) as judged
  left join lateral (select * from contact where id = judged.contact_id offset 0) as contact on true
  left join lateral (select
      array_agg(category_id) filter (where status = 'subscribed') as subscribed,
      bool_or(status = 'unsubscribed') as refused,
      bool_or(status = 'pending') as pending from subscription where category_id = any($7::bigint[]) and contact_id = judged.contact_id) as consent on true
  cross join lateral (select coalesce(consent.subscribed, '{}') as category_ids) as eligible
  left join lateral (select bool_or(true) as found from opt_out
      where (resource_id is null or resource_id = $8::bigint)
        and (channel is null or channel = $9) and contact_id = judged.contact_id) as opted_out on true
  left join lateral (select array_agg(category_id) as categories, bool_or(category_id is null) as everything from pending_unsubscribe where state = 'pending' and resource_id = $10::bigint and contact_id = judged.contact_id) as unsubscribing on true
  left join lateral (
  select value as address, address_key from contact_address
  where contact_id = judged.contact_id and channel = $11 and value = judged.address and status = 'active') as address on true
  left join lateral (select kind from suppression
    where suppression.address_key = address.address_key and suppression.channel = $12 offset 0) as suppression on true) as fact
    ), changed as (
      update "recipient_N" r set
        state = case when judged.reason is null then 'claimed' else 'skipped' end,
        reason = judged.reason,
        category_ids = case when judged.reason is null then judged.category_ids else r.category_ids end,
        attempts = r.attempts + case when judged.reason is null then 1 else 0 end,
        claim_token = $13::uuid, claimed_at = now(),
        settled_at = case when judged.reason is null then null else now() end
      from judged where r.ctid = judged.place
      returning r.seq, r.attempts, r.contact_id as "contactId", r.address, r.reason, r.state,
        "firstName", "lastName", "externalId", judged.language, "timeZone", judged.attributes
    ), written_down as (
  insert into tally as t (campaign_id, part, "queued", "claimed", "sent", "failed", "skipped", "unknown")
  select $14::bigint, $15::int, coalesce(sum(recipients) filter (where state = 'queued'), 0)
      - coalesce(sum(recipients) filter (where was = 'queued'), 0), coalesce(sum(recipients) filter (where state = 'claimed'), 0)
      - coalesce(sum(recipients) filter (where was = 'claimed'), 0), coalesce(sum(recipients) filter (where state = 'sent'), 0)
      - coalesce(sum(recipients) filter (where was = 'sent'), 0), coalesce(sum(recipients) filter (where state = 'failed'), 0)
      - coalesce(sum(recipients) filter (where was = 'failed'), 0), coalesce(sum(recipients) filter (where state = 'skipped'), 0)
      - coalesce(sum(recipients) filter (where was = 'skipped'), 0), coalesce(sum(recipients) filter (where state = 'unknown'), 0)
      - coalesce(sum(recipients) filter (where was = 'unknown'), 0)
  from (select 'queued' as was, state, count(*) as recipients from changed group by state) as move having count(*) > 0
  on conflict (campaign_id, part) do update set "queued" = t."queued" + excluded."queued", "claimed" = t."claimed" + excluded."claimed", "sent" = t."sent" + excluded."sent", "failed" = t."failed" + excluded."failed", "skipped" = t."skipped" + excluded."skipped", "unknown" = t."unknown" + excluded."unknown")
    select * from changed order by seq
