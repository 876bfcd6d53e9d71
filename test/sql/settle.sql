with fate as (
      select * from unnest(
        $1::int[], $2::text[],
        $3::text[],
        $4::int[], $5::text[],
        $6::text[],
        $7::int[],
        $8::int[]
      ) as f (seq, state, reason, code, response, server_id, delay, dead_seq)
    ), settled as (
      update recipient r set
        state = fate.state, reason = fate.reason, code = fate.code, response = fate.response,
        server_id = fate.server_id, not_before = now() + make_interval(secs => fate.delay),
        settled_at = case when fate.state = 'queued' then null else now() end
      from fate
      where r.campaign_id = $9 and r.seq = fate.seq
        and r.claim_token = $10::uuid and r.state in ('claimed', 'unknown')
      returning r.address_key, fate.dead_seq, fate.response
    ), suppressed as (
      insert into suppression (address_key, channel, kind, reason)
      select distinct on (address_key) address_key, $11, 'bounced', response from settled where dead_seq is not null
      on conflict do nothing
    )
    select count(*)::int as settled from settled
