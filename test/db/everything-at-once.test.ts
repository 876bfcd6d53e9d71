import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { checkChains } from '../../db/check-consent.ts'
import { confirmOptIn } from '../../db/confirm-opt-in.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import { emptyCategory, excludeContacts } from '../../db/exclude-contacts.ts'
import { settleExpiredOptIns } from '../../db/opt-ins.ts'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { requestOptIn } from '../../db/request-opt-in.ts'
import { savePreferences } from '../../db/save-preferences.ts'
import type { Id } from '../../db/schema.ts'
import { cancelByLink, confirmByLink, settleOverdueUnsubscribes } from '../../db/settle-unsubscribe.ts'
import { subscribe } from '../../db/subscribe.ts'
import { undoUnsubscribe } from '../../db/undo-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { unsubscribeContact } from '../../db/unsubscribe-contact.ts'
import { seededRandom } from '../../dev/sample/random.ts'
import { Refusal } from '../../domain/refusal.ts'
import { clicked, confirming, setMode } from '../setup/delayed.ts'
import { asked } from '../setup/opt-in-seed.ts'
import { createPeople } from '../setup/people.ts'
import { seedCampaign } from '../setup/seed.ts'
import { act } from '../setup/unsubscribe-seed.ts'

// Everything that changes consent at the same moment, for contacts who share addresses. Whatever the order was: nobody
// is turned away by a deadlock, and rows, refusals and proofs tell the same.

const { db, importText } = await createPeople()
const random = seededRandom(Number(process.env['RACE_SEED'] ?? 1))
const rounds = Number(process.env['RACE_ROUNDS'] ?? 25)

const page = { ...act, through: 'page' as const }
const [news, offers, events] = ['1', '2', '3'] as const

interface World {
  contacts: Id[]
  campaigns: Id[]
  address: string
}

/** Two contacts with the same address, every other time with two, and messages of the shop to them. */
async function seed(round: number): Promise<World> {
  const address = `round-${round}@example.com`
  const addresses = round % 2 === 0 ? [address] : [address, `second-${round}@example.com`]
  const rows = ['a', 'b'].flatMap((who) => addresses.map((each) => `${who}-${round},${each},news;offers`))
  await importText(`id,email,topics\n${rows.join('\n')}\n`)
  const contacts = await db
    .selectFrom('contact')
    .select('id')
    .where('external_id', 'in', [`a-${round}`, `b-${round}`])
    .orderBy('id')
    .execute()
  const campaigns = await Promise.all(
    [[news, offers], [news]].map((categories) =>
      seedCampaign(db, { resourceId: '1', categories: [...categories], state: 'sending' }),
    ),
  )
  return { contacts: contacts.map(({ id }) => id), campaigns, address }
}

/** In the order in which everybody else takes these rows. */
const overdue = () =>
  sql`update pending_unsubscribe set due_at = now() - interval '1 minute' where id = any(array(
    select id from pending_unsubscribe where state = 'pending' and lead_id is null order by id for update))`.execute(db)

/** Each of them may come from any number of sides. */
const worksOf = ({ contacts, campaigns, address }: World, round: number): (() => Promise<unknown>)[] => {
  const anyone = () => random.pick(contacts)
  const claims = () => ({ campaignId: random.pick(campaigns), contactId: anyone(), scope: 'unsubscribe' as const })
  const shown = ['news', 'offers']
  const operator = { ...act, through: 'operator' as const, actor: 'ada', campaignId: null }
  const optIn = async () => {
    const contactId = anyone()
    const ask = { contactId, categoryId: events, channel: 'email', asked: true }
    const request = await requestOptIn(db, ask, asked)
    if (request.kind !== 'pending') return
    if (random.chance(0.5)) await confirmOptIn(db, { scope: 'opt_in', requestId: request.requestId, contactId }, page)
  }
  return [
    () => unsubscribe(db, claims(), act),
    () => unsubscribe(db, claims(), act, { kind: 'resource' }),
    () => savePreferences(db, claims(), { shown, on: shown, fields: {} }, page),
    () => savePreferences(db, claims(), { shown, on: [], fields: {} }, page),
    () => startUnsubscribe(db, claims(), clicked),
    () => confirmByLink(db, claims(), confirming),
    () => cancelByLink(db, claims(), 'page'),
    () => overdue().then(() => settleOverdueUnsubscribes(db, 100)),
    () => undoUnsubscribe(db, claims(), clicked),
    () => subscribe(db, { contactId: anyone(), categoryId: random.pick([news, offers]), channel: 'email' }, asked),
    () => unsubscribeContact(db, anyone(), { kind: 'category', categoryId: offers, channel: 'email' }, operator),
    () => unsubscribeContact(db, anyone(), { kind: 'everything', channel: null }, operator),
    optIn,
    optIn,
    () =>
      sql`update opt_in_request set expires_at = now() where state = 'pending' and id % 2 = 0`
        .execute(db)
        .then(() => settleExpiredOptIns(db)),
    () => importText(`id,email,topics\nc-${round},${address},news\nb-${round},${address},offers\n`),
    () => emptyCategory(db, random.pick(['offers', 'events']), { by: 'grace', through: 'operator' }),
    () => excludeContacts(db, random.pick(['news', 'events']), contacts, { by: 'grace', through: 'operator' }),
  ]
}

const shuffled = <T>(all: T[]): T[] => {
  const rest = [...all]
  return all.flatMap(() => rest.splice(random.below(rest.length), 1))
}

/** What may be said to whoever comes too late, but not what a database says when two wait for each other. */
async function atOnce(works: (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(shuffled(works).map((work) => work()))
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  expect(failures.filter((reason) => !(reason instanceof Refusal))).toEqual([])
}

async function expectConsistent(): Promise<void> {
  const { rows: refusedAndSubscribed } = await sql`
    select address.contact_id, refusal.category_id, refusal.resource_id
    from address_refusal as refusal
    join contact_address as address using (address_key, channel)
    join category on category.id = refusal.category_id or category.resource_id = refusal.resource_id
      or num_nonnulls(refusal.category_id, refusal.resource_id) = 0
    cross join lateral consent_of(address.contact_id, category.id, 'email') as consent
    where consent.status = 'subscribed'
      -- Who has two may have said yes through the other.
      and not exists (select from contact_address as other
        where other.contact_id = address.contact_id and other.address_key <> address.address_key)`.execute(db)
  expect(refusedAndSubscribed).toEqual([])
  const { rows: torn } = await sql`
    select follower.id from pending_unsubscribe as follower join pending_unsubscribe as lead on lead.id = follower.lead_id
    where follower.state <> lead.state`.execute(db)
  expect(torn).toEqual([])
  const { rows: unasked } = await sql`
    select contact_id, category_id from subscription where status = 'pending' and not exists (
      select from opt_in_request as request where request.contact_id = subscription.contact_id
        and request.category_id = subscription.category_id and request.state = 'pending')`.execute(db)
  expect(unasked).toEqual([])
  // Who has opted out of more may have been asked to confirm, and their opt-out been taken back since.
  const { rows: unproven } = await sql`
    select contact_id, category_id, subscription.status, proof.action from subscription
    cross join lateral consent_of(contact_id, category_id, 'email') as consent
    left join lateral (select number, action from consent_event as event
      where event.contact_id = subscription.contact_id and event.category_id = subscription.category_id
      order by number desc limit 1) as proof on true
    where subscription.status is distinct from proof.action
      and not (proof.action = 'pending' and (consent.status = 'unsubscribed' or exists (select from consent_event as later
        where later.contact_id = subscription.contact_id and later.action = 'opted_in' and later.number > proof.number)))`.execute(
    db,
  )
  expect(unproven).toEqual([])
  expect((await checkChains(db)).breaks).toEqual([])
}

test(`${rounds} rounds`, { timeout: 600_000 }, async () => {
  await setMode(db, '1', { unsubscribe_mode: 'delayed', unsubscribe_timer_seconds: 600 })
  await db.updateTable('category').set({ double_opt_in: true }).where('id', '=', events).execute()
  for (let round = 0; round < rounds; round += 1) {
    const world = await seed(round)
    await atOnce(worksOf(world, round))
    await expectConsistent()
    await atOnce([
      ...worksOf(world, round),
      ...worksOf(world, round),
      () => eraseContact(db, world.contacts[0] ?? '', 'ada'),
    ])
    await expectConsistent()
  }
})
