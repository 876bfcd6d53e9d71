import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { exportNamed } from '../../client/contact-erasure.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import { createPeople } from '../setup/people.ts'

const { db, importText, ada, seedAda, seedSending } = await createPeople()

test('the export holds everything about one person, and nothing about another', async () => {
  await seedAda()
  await importText('id,email,topics,opt-out\nb-1,bob@example.com,news,x\n')
  await seedSending()
  await sql`insert into segment (key, title, kind) values ('vip', 'VIP', 'static')`.execute(db)
  await sql`insert into segment_member select id, 1 from segment where key = 'vip'`.execute(db)
  await sql`insert into opt_out (contact_id, resource_id, channel, source) values (1, 2, 'email', 'test')`.execute(db)
  await sql`insert into suppression (address_key, channel, kind, reason) values (${ada}, 'email', 'complained', 'fbl')
    on conflict (address_key, channel) do update set kind = excluded.kind, reason = excluded.reason`.execute(db)
  await sql`insert into address_refusal (address_key, channel, category_id) values (${ada}, 'email', 2)`.execute(db)
  await sql`insert into pending_unsubscribe (contact_id, resource_id, category_id, due_at) values (1, 1, 1, now())`.execute(
    db,
  )
  await sql`insert into opt_in_request (contact_id, category_id, channel, address_key, through, expires_at)
    values (1, 2, 'email', ${ada}, 'page', now())`.execute(db)
  await sql`insert into resource_address (resource_id, contact_id, channel, value, fields)
    values (1, 1, 'email', 'Ada@example.com', '{"size": 3}')`.execute(db)
  const [held, ...others] = await exportNamed(db, 'ada@example.com')
  expect(others).toEqual([])
  expect(held).toMatchObject({
    contactId: '1',
    contact: { external_id: 'a-1', source: 'test' },
    addresses: [{ channel: 'email', value: 'Ada@example.com', status: 'active' }],
    subscriptions: [{ category: 'news', status: 'subscribed', explanation: 'the form of May' }],
    optOuts: [{ resource: 'club', channel: 'email' }],
    segments: [{ key: 'vip', title: 'VIP' }],
    resourceAddresses: [{ resource: 'shop', fields: { size: 3 } }],
    pendingUnsubscribes: [{ resource: 'shop', category: 'news', state: 'pending' }],
    optInRequests: [{ category: 'offers', state: 'pending' }],
    suppressions: [{ value: 'Ada@example.com', kind: 'complained', reason: 'fbl' }],
    addressRefusals: [{ category: 'offers', resource: null }],
    messages: [{ seq: 1, address: 'Ada@example.com', state: 'queued', claimed_at: null }],
    webhookEvents: [{ kind: 'subscription.changed', payload: { externalId: 'a-1', action: 'subscribed' } }],
    consentEvents: [{ action: 'subscribed', through: 'import' }],
  })
  expect(JSON.stringify(held)).not.toContain('bob@')
  await eraseContact(db, '1', 'ada')
  expect(await exportNamed(db, 'ada@example.com')).toMatchObject([
    {
      contact: null,
      addresses: [],
      subscriptions: [],
      messages: [{ address: 'erased' }],
      consentEvents: { length: 3 },
    },
  ])
  await expect(exportNamed(db, 'nobody@example.com')).rejects.toThrow('there is no contact nobody@example.com')
})
