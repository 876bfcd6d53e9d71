import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { loadAddressKeys } from '../../db/installation.ts'
import { createImports, nothing } from '../setup/imports.ts'

const { db, importText, contacts, addresses, subscriptions, optOuts, events } = await createImports()

const event = { through: 'import', channel: 'email', category_id: null, resource_id: null }
const unproved = { legal_basis: null, explanation: null }

test('a contact is created with its fields, address, subscriptions and their proof', async () => {
  const report = await importText(
    '\uFEFFID,E-Mail,First name,Last name,Language,Time zone,Topics,Unsubscribed,City\r\n' +
      '7, Ada@Example.COM ,"  Ada\r\nBcc: eve@example.net",Lovelace,en_gb,Europe/London,news; EVENTS,no,London\r\n',
    { legalBasis: 'consent', explanation: 'web form' },
  )
  expect(report).toEqual({ ...nothing, rows: 1, created: 1, subscribed: 2 })
  expect(await contacts()).toEqual([
    {
      external_id: '7',
      first_name: 'Ada Bcc: eve@example.net',
      last_name: 'Lovelace',
      language: 'en-GB',
      time_zone: 'Europe/London',
      attributes: { city: 'London' },
      source: 'test',
    },
  ])
  expect(await addresses()).toEqual([{ contact_id: '1', value: 'Ada@example.com', priority: 0, status: 'active' }])
  expect(await subscriptions()).toEqual([
    { contact_id: '1', key: 'news', status: 'subscribed' },
    { contact_id: '1', key: 'events', status: 'subscribed' },
  ])
  const proof = { ...event, contact_id: '1', action: 'subscribed', legal_basis: 'consent', explanation: 'web form' }
  expect(await events()).toEqual([
    { ...proof, category_id: '1' },
    { ...proof, category_id: '3' },
  ])
  const keyOf = await loadAddressKeys(db)
  const { rows } = await sql`select address_key from contact_address union all
    select address_key from consent_event`.execute(db)
  const key = keyOf('email', 'ada@example.com')
  expect(rows).toEqual([{ address_key: key }, { address_key: key }, { address_key: key }])
})

test('a second import of the same file changes nothing and writes no event', async () => {
  const file = 'id;mail;vorname;themen;opt-out\n1;a@example.com;Ada;news;no\n2;b@example.com;Bea;offers;yes\n'
  expect(await importText(file)).toEqual({ ...nothing, rows: 2, created: 2, subscribed: 1, optedOut: 1 })
  const before = [await contacts(), await events(), await optOuts()]
  expect(await importText(file)).toEqual({ ...nothing, rows: 2, unchanged: 2 })
  expect([await contacts(), await events(), await optOuts()]).toEqual(before)
})

test('later values replace earlier ones, empty values leave them, and new attributes join the old', async () => {
  await importText('id,email,first name,language,city\n1,a@example.com,Ada,en,Paris\n')
  const report = await importText('id\temail\tFirst Name\tlanguage\tplan\n1\tA@example.com\tAda M.\t\tgold\n')
  expect(report).toEqual({ ...nothing, rows: 1, updated: 1 })
  expect(await contacts()).toMatchObject([
    { first_name: 'Ada M.', language: 'en', attributes: { city: 'Paris', plan: 'gold' } },
  ])
  expect(await addresses()).toMatchObject([{ value: 'a@example.com' }])
})

test('rows of one contact are one contact: the last value wins, the refusal wins over the subscription', async () => {
  const report = await importText(
    'id,email,first name,topics,unsubscribed\n' +
      '1,a@example.com,First,news,yes\n1,a@example.com,Second,offers,no\n1,A2@example.com,,news,\n',
  )
  expect(report).toEqual({ ...nothing, rows: 3, created: 1, repeated: 2, optedOut: 1 })
  expect(await contacts()).toMatchObject([{ first_name: 'Second' }])
  expect(await addresses()).toMatchObject([
    { value: 'a@example.com', priority: 0 },
    { value: 'A2@example.com', priority: 1 },
  ])
  expect(await subscriptions()).toEqual([])
  expect(await optOuts()).toEqual([{ contact_id: '1', resource_id: null, channel: null, source: 'test' }])
  expect(await events()).toEqual([{ ...event, ...unproved, contact_id: '1', action: 'opted_out', channel: null }])
})

test('without an external id the address decides: the earliest contact that holds it', async () => {
  await importText('id,email\n1,a@example.com\n2,A@EXAMPLE.com\n')
  const report = await importText('email,first name\na@example.com,Ada\nnew@example.com,Nea\nNEW@example.com,Neo\n')
  expect(report).toEqual({ ...nothing, rows: 3, updated: 1, created: 1, repeated: 1 })
  expect(await contacts()).toMatchObject([
    { external_id: '1', first_name: 'Ada' },
    { external_id: '2', first_name: null },
    { external_id: null, first_name: 'Neo' },
  ])
})

test('a deleted holder of the address is passed over for one that is not, and stays deleted', async () => {
  await importText('id,email\n1,a@example.com\n2,a@example.com\n')
  await sql`update contact set deleted_at = now() where external_id = '1'`.execute(db)
  await importText('email,first name\na@example.com,Ada\n')
  expect(await contacts()).toMatchObject([{ first_name: null }, { first_name: 'Ada' }])
  await importText('id,email,first name\n1,a@example.com,Back\n')
  const { rows } = await sql`select first_name, deleted_at is not null as deleted from contact order by id`.execute(db)
  expect(rows).toEqual([
    { first_name: 'Back', deleted: true },
    { first_name: 'Ada', deleted: false },
  ])
})
