with
  link as materialized (
    select campaign.channel, resource.id as resource_id, resource.name as resource, resource.colour, contact.language,
      nullif(sent.address, 'erased') as address, sent.address_keys as keys, sent.category_ids,
      resource.unsubscribe_mode as mode,
      resource.unsubscribe_timer_seconds as "timerSeconds", resource.unsubscribe_page_url as "pageUrl",
      resource.token as "resourceToken", resource.prohibited_reason as "prohibitedReason"
    from campaign
    join resource on resource.id = campaign.resource_id
    cross join sent_message($1::bigint, $2::bigint) as sent
    left join contact on contact.id = $3::bigint
    where campaign.id = $4::bigint and num_nonnulls(contact.id, sent.address) > 0
  ), target as materialized (
    select category.id as category_id, case when category.id is null then link.resource_id end as resource_id,
      link.channel, category.title
    from link left join category on category.id = any(link.category_ids)
    where link.mode <> 'prohibited'
  ),
  turn as materialized (select pg_advisory_xact_lock_shared(hashtextextended('addressee: refusals and imports', 0))),
  lead as materialized (
    select lead.id from pending_unsubscribe as mine
    join pending_unsubscribe as lead on lead.id = coalesce(mine.lead_id, mine.id)
    where (select count(*) from turn) >= 0
      and mine.contact_id = $5::bigint and mine.state = 'pending' and lead.state = 'pending'
      and exists (select from target where mine.category_id = target.category_id or (target.category_id is null
        and (target.resource_id is null or target.resource_id = mine.resource_id)))
    order by lead.id for update of lead
  ), settled as (
    update pending_unsubscribe set state = 'confirmed', settled_at = now(), settled_through = $6
    where state = 'pending' and id = any(array(
  select id from lead
  union all
  select follower.id from pending_unsubscribe as follower where follower.lead_id in (select id from lead)))
    returning 1
  ),
  refused as (
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select key, link.channel, category_id, target.resource_id from link, unnest(keys) as key, target
    -- The turn here too: where nothing is delayed, nobody has asked for it above.
    where (select count(*) from turn) >= 0 and (select count(*) from settled) >= 0
    order by key, category_id
    on conflict do nothing
    returning category_id, resource_id
  ),
  holder as materialized (
    select id from link, holders_in_turn($7::bigint, keys, channel) as id
    where (select count(*) from refused) >= 0
  ),
  unsubscribed as (
    insert into subscription (category_id, contact_id, status, source, legal_basis, explanation)
    select target.category_id, holder.id, 'unsubscribed', $8, $9, $10
    from holder, target where target.category_id is not null
    order by holder.id, target.category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = excluded.legal_basis,
        explanation = excluded.explanation
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id
  ),
  opted_out as (
    insert into opt_out (contact_id, resource_id, channel, source)
    select holder.id, target.resource_id, target.channel, $11
    from holder, target where target.category_id is null
    order by holder.id
    on conflict do nothing
    returning contact_id, resource_id
  ),
  recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, through, channel, address_key, campaign_id,
                               wording, ip, user_agent, actor, legal_basis, explanation)
    select changed.*, case when category_id is null then 'opted_out' else 'unsubscribed' end, $12,
      link.channel, link.keys[1], $13::bigint, $14, $15::inet, $16, $17,
      $18, $19
    from link, (
      select contact_id, category_id, null::bigint as resource_id from unsubscribed
      union all
      select contact_id, null, resource_id from opted_out
      union all
      select $20::bigint, category_id, resource_id from refused
      where not exists (select from holder where id = $21::bigint)
    ) as changed
    -- The lock order of the chains (consent_head), as of everything else here.
    order by contact_id, category_id
    returning 1
  )
  select language, resource, colour, address, mode, "timerSeconds", "pageUrl", "resourceToken", "prohibitedReason",
    array(select title from target where category_id is not null order by title) as categories, (exists (select from refused) or exists (select from recorded)) as changed
  from link
