import { type Kysely, sql } from 'kysely'

const statements = [
  // The outbox: written in the transaction that made it true, posted afterwards by a workflow for each webhook.
  // No foreign keys: an event outlives whom it is about. No addresses.
  `create table event (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    kind text not null,
    contact_id bigint,
    resource_id bigint,
    campaign_id bigint,
    payload jsonb not null
  )`,
  `create index event_at on event (at)`,

  `create table webhook (
    id bigint generated always as identity primary key,
    url text not null,
    description text,
    -- The first signs; the second signs too for a day after it was replaced.
    secrets text[] not null check (cardinality(secrets) between 1 and 2),
    rotated_at timestamptz not null default now(),
    -- Null: every kind except those of recipients, which come by the hundred thousand.
    kinds text[] check (cardinality(kinds) > 0),
    resource_id bigint references resource on delete cascade,
    access_group text check (access_group <> ''),
    -- Set where the webhook stands for a resource's called URL: only what came about in this way.
    through text check (through = 'one_click'),
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    disabled_reason text,
    -- The receiver has asked for peace until then (Retry-After).
    held_until timestamptz,
    -- Who delivers, and when it last said so: an attempt that was given up for dead delivers nothing more.
    deliverer uuid,
    delivering_at timestamptz,
    check (through is null or resource_id is not null)
  )`,
  `create unique index webhook_called_url on webhook (resource_id) where through is not null`,

  `create table webhook_delivery (
    webhook_id bigint not null references webhook on delete cascade,
    event_id bigint not null references event on delete cascade,
    -- Whose events are posted one after the other: a contact's, or a campaign's.
    line text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts smallint not null default 0,
    next_at timestamptz not null default now(),
    last_status integer,
    last_error text,
    delivered_at timestamptz,
    primary key (webhook_id, event_id)
  ) with (fillfactor = 70)`,
  `create index webhook_delivery_due on webhook_delivery (webhook_id, next_at, event_id) where state = 'pending'`,
  `create index webhook_delivery_line on webhook_delivery (webhook_id, line, event_id) where state = 'pending'`,
  // For the sweep of old events.
  `create index webhook_delivery_event on webhook_delivery (event_id)`,

  // An event that concerns no single resource (an opt-out from everything) concerns each of them. Without a look into
  // a table, so that PostgreSQL takes it for a part of the statement and not for a call for each row.
  `create function webhook_wants(hook webhook, kind text, of_resource bigint, of_group text, by_way_of text)
    returns boolean language sql stable as $$
    select case when hook.kinds is null then kind not like 'recipient.%' else kind = any(hook.kinds) end
      and (hook.through is null or hook.through = by_way_of)
      and (hook.resource_id is null or of_resource is null or hook.resource_id = of_resource)
      and (hook.access_group is null or of_resource is null or hook.access_group = of_group)
  $$`,
  `create function event_line(contact_id bigint, campaign_id bigint) returns text language sql immutable as $$
    select coalesce('contact/' || contact_id::text, 'campaign/' || campaign_id::text)
  $$`,
  `create function deliver_new_events() returns trigger language plpgsql as $$
  begin
    -- Settlements of which nobody wants to hear come by here too.
    if not exists (select from added) then return null; end if;
    insert into webhook_delivery (webhook_id, event_id, line)
    select webhook.id, event.id, event_line(event.contact_id, event.campaign_id)
    from added as event join webhook on webhook.disabled_at is null
      and webhook_wants(webhook, event.kind, event.resource_id,
        (select access_group from resource where resource.id = event.resource_id), event.payload ->> 'through');
    return null;
  end $$`,
  `create trigger event_deliver after insert on event referencing new table as added
    for each statement execute function deliver_new_events()`,

  // Every change of consent leaves a consent event, and so tells what there is to tell. What one statement refused for a
  // contact in a resource is one channel.unsubscribed. Keys are looked up row by row, by primary key: the plan is kept,
  // and must do for one row as for ten thousand.
  `create function tell_consent() returns trigger language plpgsql as $$
  begin
    if not exists (select from added) then return null; end if;
    insert into event (at, kind, contact_id, resource_id, campaign_id, payload)
    with told as materialized (
      select added.id, added.at, added.contact_id, added.campaign_id, added.action, added.legal_basis, of_resource,
        (select key from category where category.id = added.category_id) as category,
        jsonb_build_object(
          'contactId', added.contact_id::text,
          'externalId', (select external_id from contact where contact.id = added.contact_id),
          'resource', (select key from resource where resource.id = of_resource),
          'scope', case when added.category_id is not null then 'category' when of_resource is not null then 'resource'
            else 'everything' end,
          'channel', added.channel, 'action', added.action, 'through', added.through,
          'campaignId', added.campaign_id::text,
          'campaign', (select key from campaign where campaign.id = added.campaign_id)) as about
      from added, lateral (select coalesce(added.resource_id,
        (select category.resource_id from category where category.id = added.category_id)) as of_resource) as owner
    )
    select at, kind, contact_id, of_resource, campaign_id, payload from (
      select at, 'subscription.changed' as kind, contact_id, of_resource, campaign_id,
        about || jsonb_build_object('category', category, 'legalBasis', legal_basis) as payload, id, 1 as rank
      from told
      union all
      select min(at), 'channel.unsubscribed', contact_id, of_resource, campaign_id, about || jsonb_build_object(
        'categories', coalesce(jsonb_agg(category order by category) filter (where category is not null), '[]')),
        max(id), 2
      from told where action in ('unsubscribed', 'opted_out')
      group by contact_id, of_resource, campaign_id, about
    ) as news
    order by id, rank;
    return null;
  end $$`,
  `create trigger consent_event_tell after insert on consent_event referencing new table as added
    for each statement execute function tell_consent()`,

  `create function tell_campaign() returns trigger language plpgsql as $$
  begin
    insert into event (kind, resource_id, campaign_id, payload)
    select 'campaign.' || news, new.resource_id, new.id, jsonb_build_object(
      'campaignId', new.id::text, 'campaign', new.key, 'title', new.title,
      'resource', (select key from resource where resource.id = new.resource_id)
    ) || case news
      when 'finished' then (
        select jsonb_build_object('audience', coalesce(new.audience, 0), 'sent', coalesce(sum(sent), 0),
          'failed', coalesce(sum(failed), 0), 'skipped', coalesce(sum(skipped), 0), 'unknown', coalesce(sum(unknown), 0))
        from tally where tally.campaign_id = new.id)
      else jsonb_build_object('by', new.paused_by, 'reason', new.pause_reason) end
    from (select case when new.state is distinct from old.state then new.state else 'paused' end as news) as what;
    return null;
  end $$`,
  `create trigger campaign_tell after update of state, paused_at on campaign for each row
    when ((new.state in ('finished', 'cancelled') and old.state <> new.state)
      or (new.state not in ('finished', 'cancelled') and old.paused_at is null and new.paused_at is not null))
    execute function tell_campaign()`,

  // A resource's called URL is a webhook that follows it: whoever changes the resource has no second thing to do.
  // Two random UUIDs are 244 random bits.
  `create function follow_called_url() returns trigger language plpgsql as $$
  begin
    if new.called_url is null or new.deleted_at is not null then
      delete from webhook where resource_id = new.id and through is not null;
    else
      insert into webhook as hook (url, secrets, kinds, resource_id, through)
      values (new.called_url, array['whsec_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64')],
        '{channel.unsubscribed}', new.id, 'one_click')
      on conflict (resource_id) where through is not null do update
        set url = excluded.url, disabled_at = null, disabled_reason = null, held_until = null
        where hook.url <> excluded.url;
    end if;
    return null;
  end $$`,
  `create trigger resource_called_url after insert or update of called_url, deleted_at on resource for each row
    execute function follow_called_url()`,
  // What was set before there were webhooks.
  `update resource set called_url = called_url where called_url is not null`,
]

/** Events for other systems: the outbox, webhooks, and what is to be delivered to whom. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
