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
  turn as materialized (select pg_advisory_xact_lock_shared(hashtextextended('addressee: refusals and imports', 0))), lead as materialized (
    select id, contact_id, resource_id, category_id, campaign_id, wording, ip, user_agent
    from pending_unsubscribe as lead
    where (select count(*) from turn) >= 0 and lead.state = 'pending' and lead.lead_id is null and lead.id in (
  select coalesce(mine.lead_id, mine.id) as id from pending_unsubscribe as mine, link, target
  where mine.contact_id = $5::bigint and mine.state = 'pending' and mine.resource_id = link.resource_id
    and mine.category_id is not distinct from target.category_id)
    order by id  for update
  ), settled as (
  update pending_unsubscribe set state = 'confirmed', settled_at = now(), settled_through = $6
  where state = 'pending' and id = any(array(
  select id from lead
  union all
  select follower.id from pending_unsubscribe as follower where follower.lead_id in (select id from lead)))
  returning id, lead_id
  ), said as materialized (
    select lead.*, campaign.channel, sent.address_keys as keys,
      case when lead.category_id is null then lead.resource_id end as refused_resource
    from lead
    join campaign on campaign.id = lead.campaign_id
    cross join sent_message(lead.campaign_id, lead.contact_id) as sent
    where (select count(*) from settled) >= 0
  ), refused as (
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select distinct key, channel, category_id, refused_resource from said, unnest(keys) as key
    order by key, category_id
    on conflict do nothing
    returning 1
  ), holder as materialized (
    select distinct on (holder_id, category_id, refused_resource, channel) said.*, holder_id
    from said, holders_in_turn(contact_id, keys, channel) as holder_id
    where (select count(*) from refused) >= 0
    order by holder_id, category_id, refused_resource, channel, id
  ), unsubscribed as (
    insert into subscription (category_id, contact_id, status, source)
    select distinct category_id, holder_id, 'unsubscribed', $7 from holder where category_id is not null
    order by holder_id, category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = null, explanation = null
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id
  ), opted_out as (
    insert into opt_out (contact_id, resource_id, channel, source)
    select holder_id, refused_resource, channel, $8 from holder where category_id is null
    order by holder_id
    on conflict do nothing
    returning contact_id, resource_id
  ), recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, through, actor, channel, address_key,
                               campaign_id, wording, ip, user_agent)
    select changed.*, case when changed.category_id is null then 'opted_out' else 'unsubscribed' end, $9,
      $10, holder.channel, holder.keys[1], holder.campaign_id, coalesce($11, holder.wording),
      coalesce($12::inet, holder.ip), coalesce($13, holder.user_agent)
    from (
      select contact_id, category_id, null::bigint as resource_id from unsubscribed
      union all
      select contact_id, null, resource_id from opted_out
    ) as changed
    join holder on holder.holder_id = changed.contact_id and holder.category_id is not distinct from changed.category_id
      and holder.refused_resource is not distinct from changed.resource_id
    order by contact_id, category_id
    returning 1
  )
  select id from said where (select count(*) from recorded) >= 0
