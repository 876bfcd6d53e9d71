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
  ), lead as materialized (
      select id from pending_unsubscribe as lead
      where lead.state = 'pending' and lead.lead_id is null and lead.id in (
  select coalesce(mine.lead_id, mine.id) as id from pending_unsubscribe as mine, link, target
  where mine.contact_id = $5::bigint and mine.state = 'pending' and mine.resource_id = link.resource_id
    and mine.category_id is not distinct from target.category_id) order by id for update
    ), settled as (
  update pending_unsubscribe set state = 'cancelled', settled_at = now(), settled_through = $6
  where state = 'pending' and id = any(array(
  select id from lead
  union all
  select follower.id from pending_unsubscribe as follower where follower.lead_id in (select id from lead)))
  returning id, lead_id
    )
    select id from settled where lead_id is null
