import { expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { seedResource } from '../setup/seed.ts'
import { seedSent } from '../setup/unsubscribe-seed.ts'
import { createCommand } from './command.ts'

const { db, url } = await createDatabase()
const cli = createCommand({ DATABASE_URL: url })
const addressee = new Addressee({ databaseUrl: url })
atEnd(() => addressee.close())
await seedResource(db, 'acme')
await addressee.categories.create({ resource: 'acme', title: 'News' })

const save = (...args: string[]) => cli.addressee(['contacts', 'save', ...args])

test('a contact is saved, and completed by saving it again', async () => {
  const fields = ['--external-id', 'shop-7', '--first-name', 'Ada', '--attribute', 'city=Kyiv', '--attribute', 'a=b=c']
  const created = await save('ada@example.com', ...fields, '--language', 'en_gb')
  expect([created.code, created.stdout]).toEqual([0, expect.stringMatching(/^Contact \d+ created\.\n$/)])
  const known = ['--external-id', 'shop-7', '--last-name', 'Lovelace']
  const again = await cli.json<{ id: string; created: boolean }>(['contacts', 'save', 'work@example.com', ...known])
  expect(again).toMatchObject({ created: false })
  expect(await addressee.contacts.get({ externalId: 'shop-7' })).toMatchObject({
    id: again.id,
    firstName: 'Ada',
    lastName: 'Lovelace',
    language: 'en-GB',
    attributes: { city: 'Kyiv', a: 'b=c' },
    addresses: [{ value: 'work@example.com' }, { value: 'ada@example.com' }],
  })
})

test('what cannot be saved is refused, and nothing is', async () => {
  expect((await save('no address')).code).toBe(1)
  expect((await save('bob@example.com', '--time-zone', 'Mars/Base')).code).toBe(1)
  expect((await save('bob@example.com', '--attribute', 'nothing')).code).not.toBe(0)
  expect(await addressee.contacts.search('bob@example.com')).toEqual([])
})

test('a profile shows who, where, and what they agreed to and refused', async () => {
  const ref = { externalId: 'shop-7' }
  await addressee.subscriptions.subscribe(ref, 'news', { legalBasis: 'CONSENT_WITH_NOTICE' })
  const { stdout, code } = await cli.addressee(['contacts', 'show', 'ADA@example.com'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/external id +shop-7\n/)
  expect(stdout).toMatch(/city +Kyiv\n/)
  expect(stdout).toMatch(/email +work@example\.com +active\n/)
  expect(stdout).toMatch(/news +acme +subscribed +category +CONSENT_WITH_NOTICE/)
  expect(stdout).not.toContain('everything')
  await addressee.optOuts.create(ref)
  expect((await cli.addressee(['contacts', 'show', 'shop-7'])).stdout).toMatch(/everything +all +api/)
  expect(await cli.json(['contacts', 'show', 'shop-7'])).toMatchObject({
    externalId: 'shop-7',
    subscriptions: [{ category: 'news', status: 'unsubscribed', source: 'everything' }],
    optOuts: [{ resource: null, channel: null }],
  })
})

test('what was sent to a contact is told, page by page', async () => {
  const { contactId, campaignId, address } = await seedSent(db)
  const { stdout } = await cli.addressee(['contacts', 'messages', contactId])
  expect(stdout).toContain(address)
  expect(stdout).toMatch(/ sent /)
  expect(await cli.json(['contacts', 'messages', contactId])).toMatchObject([{ campaignId, state: 'sent' }])
  expect(await cli.json(['contacts', 'messages', contactId, '--before', campaignId])).toEqual([])
  expect((await cli.addressee(['contacts', 'messages', contactId, '--before', 'x'])).code).toBe(1)
})

test('one who is not there is said to be not there', async () => {
  const { code, stderr, stdout } = await cli.addressee(['contacts', 'show', 'nobody@example.com'])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('there is no such contact')
})
