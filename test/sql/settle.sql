with fate as (
      select * from unnest(
        $1::int[], $2::text[],
        $3::text[],
        $4::int[], $5::text[],
        $6::text[],
        $7::int[],
        $8::int[]
      ) as f (seq, state, reason, code, response, server_id, delay, dead_seq)), settled as (
      update "recipient_N" r set
        state = fate.state, reason = fate.reason, code = fate.code, response = fate.response,
        server_id = fate.server_id, not_before = now() + make_interval(secs => fate.delay),
        settled_at = case when fate.state = 'queued' then null else now() end
      from fate
      where r.campaign_id = $9 and r.seq = fate.seq
        and r.claim_token = $10::uuid and r.state = 'claimed'
      returning r.address_key, fate.dead_seq, fate.response, r.state
    ), suppressed as (
      insert into suppression (address_key, channel, kind, reason)
      select distinct on (address_key) address_key, $11, 'bounced', response from settled where dead_seq is not null
      on conflict do nothing
    ), written_down as (
  insert into tally as t (campaign_id, part, "queued", "claimed", "sent", "failed", "skipped", "unknown")
  select $12::bigint, $13::int, coalesce(sum(recipients) filter (where state = 'queued'), 0)
      - coalesce(sum(recipients) filter (where was = 'queued'), 0), coalesce(sum(recipients) filter (where state = 'claimed'), 0)
      - coalesce(sum(recipients) filter (where was = 'claimed'), 0), coalesce(sum(recipients) filter (where state = 'sent'), 0)
      - coalesce(sum(recipients) filter (where was = 'sent'), 0), coalesce(sum(recipients) filter (where state = 'failed'), 0)
      - coalesce(sum(recipients) filter (where was = 'failed'), 0), coalesce(sum(recipients) filter (where state = 'skipped'), 0)
      - coalesce(sum(recipients) filter (where was = 'skipped'), 0), coalesce(sum(recipients) filter (where state = 'unknown'), 0)
      - coalesce(sum(recipients) filter (where was = 'unknown'), 0)
  from (select 'claimed' as was, state, count(*) as recipients from settled group by state) as move having count(*) > 0
  on conflict (campaign_id, part) do update set "queued" = t."queued" + excluded."queued", "claimed" = t."claimed" + excluded."claimed", "sent" = t."sent" + excluded."sent", "failed" = t."failed" + excluded."failed", "skipped" = t."skipped" + excluded."skipped", "unknown" = t."unknown" + excluded."unknown")
    select count(*)::int as settled from settled
