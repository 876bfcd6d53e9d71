select due.event_id as "eventId", due.attempts, event.kind, event.at, event.payload
    from webhook
    join webhook_delivery due on due.webhook_id = webhook.id
    join event on event.id = due.event_id
    where webhook.id = $1 and webhook.deliverer = $2::uuid and webhook.disabled_at is null
      and (webhook.held_until is null or webhook.held_until <= now())
      and due.state = 'pending' and due.next_at <= now() and due.event_id <> all ($3::bigint[])
      and not exists (
        select from webhook_delivery earlier
        where earlier.webhook_id = due.webhook_id and earlier.line = due.line and earlier.state = 'pending'
          and earlier.event_id < due.event_id)
    order by due.next_at, due.event_id
    limit $4
