with bucket as materialized (
      select scope, key, per_second, next_at, per_day, starts_on, day, used from sending_limit
      where (scope, key) in (select * from unnest($1::text[], $2::text[])) order by scope, key for no key update
    ), moment as materialized (
      select clock_timestamp() as now, set_config('synchronous_commit', 'off', true), count(*) from bucket
    ), today as materialized (
      select now, (now at time zone 'UTC')::date as today from moment
    ), counted as materialized (
      select scope, key, per_second, now, today, next_at,
        case when day = today then used else 0 end as used, per_day[today - starts_on + 1] as cap
      from bucket, today
    ), judged as materialized (
      select scope, key, per_second, now, today, used, cap - used as left_today,
        case when per_second < 20 then 1 else floor(per_second / 20) end as slot,
        -- a bucket that lags has its tokens still; one that was idle has not saved any up
        case when next_at > now - interval '250 ms' then next_at else now end as starts_at,
        greatest(
          case when next_at > now then next_at end,
          case when used >= cap then (today + 1)::timestamp at time zone 'UTC' end
        ) as held_until
      from counted
    ), grant_of as materialized (
      select case when count(held_until) > 0 then 0
        else least($3::int, min(slot), min(left_today)) end::int as tokens
      from judged
    ), taken as (
      update sending_limit l set day = judged.today, used = judged.used + tokens,
        next_at = judged.starts_at + make_interval(secs => tokens / judged.per_second)
      from judged, grant_of where tokens > 0 and l.scope = judged.scope and l.key = judged.key
    )
    select tokens as granted, coalesce(ceil(extract(epoch from held_until - now) * 1000), 0)::int as "waitMs", scope, key
    from grant_of left join judged on held_until is not null
    order by held_until desc limit 1
