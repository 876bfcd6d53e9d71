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
    select $5::bigint as id
    union
    select contact_id from link join contact_address on address_key = any(link.keys) and contact_address.channel = link.channel
  ), latest as materialized (
    select max(at) as at from consent_event
    where contact_id = $6::bigint and campaign_id = $7::bigint
      and action in ('unsubscribed', 'opted_out') and at > now() - make_interval(hours => $8)
  ), taken as materialized (
    select event.contact_id, event.category_id, event.resource_id, event.channel, event.address_key, latest.at,
      coalesce(before.action, 'subscribed') as status, before.legal_basis, before.explanation
    from latest
    join consent_event as event on event.contact_id in (select id from holder) and event.at = latest.at
      and event.campaign_id = $9::bigint and event.action in ('unsubscribed', 'opted_out')
    left join category on category.id = event.category_id
    left join lateral (
      select action, legal_basis, explanation from consent_event as before
      where before.contact_id = event.contact_id and before.category_id = event.category_id and before.number < event.number
      order by before.number desc limit 1
    ) as before on true
    where not exists (
        select from consent_event as later
        where later.contact_id = event.contact_id and later.number > event.number
          and later.category_id is not distinct from event.category_id
          and later.resource_id is not distinct from event.resource_id)
      and (event.category_id is null or before.action in ('subscribed', 'pending') or (before.action is null
        and (category.consent = 'opt_out' or (event.contact_id = $10::bigint
          and event.category_id in (select unnest(category_ids) from link)))))
    order by event.contact_id, event.category_id
  ), allowed as (
    delete from address_refusal as refusal using taken, link
    where refusal.address_key = any(link.keys) and refusal.channel = link.channel and refusal.created_at = taken.at
      and refusal.category_id is not distinct from taken.category_id
      and refusal.resource_id is not distinct from taken.resource_id
    returning 1
  ), resubscribed as (
    update subscription set status = taken.status, source = 'page', changed_at = now(),
      legal_basis = taken.legal_basis, explanation = taken.explanation
    from taken
    where subscription.contact_id = taken.contact_id and subscription.category_id = taken.category_id
      and subscription.status = 'unsubscribed' and (select count(*) from allowed) >= 0
    returning taken.contact_id, taken.category_id, taken.status, taken.legal_basis, taken.explanation
  ), opted_in as (
    delete from opt_out using taken
    where taken.category_id is null and opt_out.contact_id = taken.contact_id
      and opt_out.resource_id is not distinct from taken.resource_id and opt_out.channel is not distinct from taken.channel
      and (select count(*) from allowed) >= 0
    returning opt_out.contact_id, opt_out.resource_id
  ), recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, legal_basis, explanation, through, channel,
                               address_key, campaign_id, wording, ip, user_agent)
    select changed.*, 'page', link.channel, link.keys[1], $11::bigint, $12, $13::inet, $14
    from link, (
      select contact_id, category_id, null::bigint as resource_id, status, legal_basis, explanation from resubscribed
      union all
      select contact_id, null, resource_id, 'opted_in', null, null from opted_in
    ) as changed
    order by contact_id, category_id
    returning 1
  )
  select count(*)::int as changed from recorded
