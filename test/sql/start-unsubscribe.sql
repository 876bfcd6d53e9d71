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
  ), holder as materialized (
    select id from link, holders_in_turn($5::bigint, keys, channel) as id
  ), locked as materialized (
    select pg_advisory_xact_lock(hashtextextended('addressee: delayed ' || id, 0))
    from (select id from holder order by id) as each
  ), lead as (
    insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, wording, ip, user_agent)
    select holder.id, link.resource_id, target.category_id, $6::bigint,
      date_trunc('milliseconds', now()) + make_interval(secs => link."timerSeconds"), $7, $8::inet, $9
    from link, target, holder where (select count(*) from locked) >= 0 and holder.id = $10::bigint
    order by target.category_id
    on conflict do nothing
    returning id, contact_id, resource_id, category_id, campaign_id, due_at
  ), follower as (
    insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, lead_id)
    select holder.id, resource_id, category_id, campaign_id, due_at, lead.id
    from holder, lead where holder.id <> lead.contact_id
    order by holder.id, category_id
    on conflict do nothing
  )
  select id from lead
