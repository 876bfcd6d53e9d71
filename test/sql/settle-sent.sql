with fate as (
      select seq, 'sent' as state, null as reason, null::int as code, response, server_id, null::int as delay,
        null::int as dead_seq
      from unnest(
        $1::int[], $2::text[],
        $3::text[]
      ) as f (seq, response, server_id)), settled as (
      update "recipient_N" r set
        state = fate.state, reason = fate.reason, code = fate.code, response = case when r.address <> 'erased' then fate.response end,
        server_id = fate.server_id, not_before = now() + make_interval(secs => fate.delay),
        settled_at = case when fate.state = 'queued' then null else now() end
      from fate
      where r.campaign_id = $4 and r.seq = fate.seq
        and r.claim_token = $5::uuid and r.state = 'claimed'
      returning r.seq, r.contact_id, r.address_key, fate.dead_seq, r.response, r.state, r.reason, r.code, r.server_id
    ), suppressed as (
      insert into suppression (address_key, channel, kind, reason)
      select distinct on (address_key) address_key, $6, 'bounced', response from settled where dead_seq is not null
      on conflict do nothing
    ), written_down as (
  insert into tally as t (campaign_id, part, "queued", "claimed", "sent", "failed", "skipped", "unknown")
  select $7::bigint, $8::int, coalesce(sum(recipients) filter (where state = 'queued'), 0)
      - coalesce(sum(recipients) filter (where was = 'queued'), 0), coalesce(sum(recipients) filter (where state = 'claimed'), 0)
      - coalesce(sum(recipients) filter (where was = 'claimed'), 0), coalesce(sum(recipients) filter (where state = 'sent'), 0)
      - coalesce(sum(recipients) filter (where was = 'sent'), 0), coalesce(sum(recipients) filter (where state = 'failed'), 0)
      - coalesce(sum(recipients) filter (where was = 'failed'), 0), coalesce(sum(recipients) filter (where state = 'skipped'), 0)
      - coalesce(sum(recipients) filter (where was = 'skipped'), 0), coalesce(sum(recipients) filter (where state = 'unknown'), 0)
      - coalesce(sum(recipients) filter (where was = 'unknown'), 0)
  from (select 'claimed' as was, state, count(*) as recipients from settled group by state) as move having count(*) > 0
  on conflict (campaign_id, part) do update set "queued" = t."queued" + excluded."queued", "claimed" = t."claimed" + excluded."claimed", "sent" = t."sent" + excluded."sent", "failed" = t."failed" + excluded."failed", "skipped" = t."skipped" + excluded."skipped", "unknown" = t."unknown" + excluded."unknown"), told as (
  insert into event (kind, contact_id, resource_id, campaign_id, payload)
  select 'recipient.' || settled.state, contact_id, campaign.resource_id, campaign.id, jsonb_build_object(
    'contactId', contact_id::text, 'externalId', (select external_id from contact where contact.id = contact_id),
    'campaignId', campaign.id::text, 'campaign', campaign.key, 'seq', seq,
    'resource', (select key from resource where resource.id = campaign.resource_id),
    'serverId', server_id, 'reason', reason, 'code', code)
  from settled join campaign on campaign.id = $9
  where settled.state = 'sent' and exists (
    select from webhook, campaign join resource on resource.id = campaign.resource_id
    where disabled_at is null and 'recipient.sent' = any(kinds) and campaign.id = $10
      and webhook_wants(webhook, 'recipient.sent', campaign.resource_id, resource.access_group, null))
    or settled.state = 'failed' and exists (
    select from webhook, campaign join resource on resource.id = campaign.resource_id
    where disabled_at is null and 'recipient.failed' = any(kinds) and campaign.id = $11
      and webhook_wants(webhook, 'recipient.failed', campaign.resource_id, resource.access_group, null))
  order by seq)
    select count(*)::int as settled from settled
