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
  )
  select language, resource, colour, address, mode, "timerSeconds", "pageUrl", "resourceToken", "prohibitedReason",
    array(select title from target where category_id is not null order by title) as categories, case
    when exists (select from (
  select id from contact where id = any(array(
    select $5::bigint
    union all
    select contact_id from link
    join contact_address on address_key = any(link.keys) and contact_address.channel = link.channel))) as holder, target where not case when target.category_id is null
  then exists (
    select from opt_out
    where contact_id = holder.id and resource_id = target.resource_id and channel = target.channel offset 0)
  else exists (
    select from subscription
    where contact_id = holder.id and category_id = target.category_id and status = 'unsubscribed' offset 0)
  end) then false
    else not exists (select from unnest(keys) as key, target where not exists (
  select from address_refusal as refusal
  where refusal.address_key = key and refusal.channel = target.channel
    and refusal.category_id is not distinct from target.category_id
    and refusal.resource_id is not distinct from target.resource_id offset 0))
  end as refused
  from link
