import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ConsentDocument } from '../../domain/consent-document.ts'
import { consentKey } from '../../domain/consent-key.ts'
import { tamper } from '../setup/consent-world.ts'
import { createCommand } from './command.ts'
import { createShop } from './shop.ts'

const secret = 'a secret for tests only'
const env = { ADDRESSEE_SECRET: `${secret}, an older secret of tests` }
const cli = await createShop()
/** Somebody else's machine: no database, no secret. */
const elsewhere = createCommand()

const { fingerprint, pem } = consentKey(secret).publicKey
const file = (name: string): string => join(cli.folder, name)
const document = (): ConsentDocument => JSON.parse(readFileSync(file('ada.json'), 'utf8')) as ConsentDocument

beforeAll(async () => {
  const rows = 'id,email,topics,unsubscribed\n1,ada@example.com,news,\n2,bob@example.com,,x\n3,bob@example.com,news,\n'
  const args = [
    'contacts',
    'import',
    '-',
    '--source',
    'fair',
    '--legal-basis',
    'consent',
    '--explanation',
    'At the stand',
  ]
  expect((await cli.addressee(args, { input: rows })).code).toBe(0)
  await sql`insert into consent_event (contact_id, action, through, channel, category_id, wording, ip, user_agent)
    select contact_id, 'unsubscribed', 'page', 'email', category_id, 'unsubscribe-en-1', '192.0.2.7', E'Mail\u001b[2J'
    from subscription where contact_id = 1`.execute(cli.db)
  await sql`update subscription set status = 'unsubscribed', source = 'page' where contact_id = 1`.execute(cli.db)
})

describe('consent wording', () => {
  test('shows the words of a version, without a database', async () => {
    const { code, stdout } = await elsewhere.addressee(['consent', 'wording', 'unsubscribe-en-1'])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Unsubscribe from {resource}') })
  })

  test('of a version that no page has: which there are', async () => {
    const { code, stderr } = await elsewhere.addressee(['consent', 'wording', 'unsubscribe-en-9'])
    expect(code).toBe(1)
    expect(stderr).toContain('unsubscribe-en-1')
  })
})

describe('contacts consent', () => {
  test('prints the history and what it comes to', async () => {
    const { code, stdout } = await cli.addressee(['contacts', 'consent', 'ada@example.com'])
    expect(code).toBe(0)
    const lines = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))
    expect(lines[0]).toBe('contact 1: 2 events')
    expect(lines[2]).toMatch(/^1 \| \S+Z \| subscribed \| News \(email\) \| import \| - \| consent \| At the stand \| /)
    expect(lines[3]).toMatch(/unsubscribed \| News \(email\) \| page .*unsubscribe-en-1 \| 192\.0\.2\.7$/)
    expect(lines).toContainEqual(
      expect.stringMatching(/^Offers \| Acme \| not_subscribed \| the category \| - \| - \| -$/),
    )
    expect(lines).toContainEqual(expect.stringMatching(/^News \| Acme \| unsubscribed \| the category/))
  })

  test('of several contacts with one address, each; as JSON too', async () => {
    const all = await cli.json<{ contactId: string; events: unknown[] }[]>(['contacts', 'consent', 'bob@example.com'])
    expect(all.map(({ contactId, events }) => [contactId, events.length])).toEqual([
      ['2', 1],
      ['3', 1],
    ])
    const exported = await cli.addressee(['contacts', 'consent', 'bob@example.com', '--export', 'bob.json'], { env })
    expect(exported.code).toBe(1)
    expect(exported.stderr).toContain('2 contacts have the address bob@example.com. Name one by its id: 2, 3.')
  })

  test('refuses a stranger, a file that cannot be written, and to sign without a secret', async () => {
    expect(await cli.addressee(['contacts', 'consent', 'nobody@example.com'])).toMatchObject({ code: 1 })
    const nowhere = ['contacts', 'consent', '1', '--export', 'no/such/folder.json']
    expect(await cli.addressee(nowhere, { env })).toMatchObject({ code: 1 })
    expect(await cli.addressee(['contacts', 'consent', '1', '--export', 'x.json'])).toMatchObject({ code: 64 })
  })
})

describe('an exported history', () => {
  beforeAll(async () => {
    const exported = await cli.addressee(['contacts', 'consent', '1', '--export', 'ada.json'], { env })
    expect(exported).toMatchObject({ code: 0, stdout: '' })
    expect(exported.stderr).toContain(fingerprint)
  })

  test('is for the reader who asked for it alone', () => {
    expect(statSync(file('ada.json')).mode & 0o777).toBe(0o600)
    expect(document()).toMatchObject({
      wordings: { 'unsubscribe-en-1': [{ page: 'unsubscribe' }] },
      kind: 'addressee consent history',
      contact: { id: '1', addresses: [{ channel: 'email' }] },
      events: [
        { number: 1, action: 'subscribed', shown: { category: 'News', resource: 'Acme' } },
        { number: 2, action: 'unsubscribed', userAgent: 'Mail\u001b[2J', ip: '192.0.2.7' },
      ],
      head: { events: 2 },
    })
  })

  test('is verified without a database and without a secret', async () => {
    const alone = await elsewhere.addressee(['consent', 'verify', file('ada.json')])
    expect(alone).toMatchObject({ code: 0, stderr: '' })
    expect(alone.stdout).toContain(`the key is ${fingerprint}. Compare it`)
    const key = (await cli.addressee(['consent', 'key'], { env })).stdout
    expect(key).toBe(`${fingerprint}\n${pem}`)
    writeFileSync(file('key.pem'), key)
    for (const given of [fingerprint, file('key.pem')]) {
      const known = await elsewhere.addressee(['consent', 'verify', file('ada.json'), '--key', given])
      expect(known).toMatchObject({ code: 0, stderr: '' })
      expect(known.stdout).toContain(`signed by the key that was given, ${fingerprint}`)
    }
  })

  test('that is damaged, foreign or none ends with 1, and says where', async () => {
    const changed = document()
    Object.assign(changed.events[1] ?? {}, { action: 'subscribed' })
    writeFileSync(file('changed.json'), JSON.stringify(changed))
    const damaged = await elsewhere.addressee(['consent', 'verify', file('changed.json'), '--json'])
    expect(damaged.code).toBe(1)
    expect(JSON.parse(damaged.stdout)).toMatchObject({ ok: false, event: 2 })
    const foreign = [
      'consent',
      'verify',
      file('ada.json'),
      '--key',
      consentKey('somebody else has this').publicKey.fingerprint,
    ]
    expect(await elsewhere.addressee(foreign)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('not by the one'),
    })
    writeFileSync(file('none.json'), '{"kind":')
    const twice = readFileSync(file('ada.json'), 'utf8').replace('"action":', '"action": "pending", "action":')
    writeFileSync(file('twice.json'), twice)
    for (const name of ['none.json', 'twice.json', 'absent.json', 'key.pem'])
      expect(await elsewhere.addressee(['consent', 'verify', file(name)])).toMatchObject({ code: 1, stdout: '' })
    const badKey = ['consent', 'verify', file('ada.json'), '--key', file('ada.json')]
    expect((await elsewhere.addressee(badKey)).stderr).toContain('--key: is neither')
  })

  test('of another secret has another key; the first of several signs', async () => {
    const { stdout } = await cli.addressee(['consent', 'key', '--json'], {
      env: { ADDRESSEE_SECRET: 'an older secret of tests' },
    })
    expect(JSON.parse(stdout)).not.toMatchObject({ fingerprint })
    expect(document().signature.fingerprint).toBe(fingerprint)
    expect(await elsewhere.addressee(['consent', 'key'])).toMatchObject({ code: 64 })
  })
})

test('an erased contact: gone, with its proof and export still to be had', async () => {
  expect(await cli.addressee(['contacts', 'erase', '3'])).toMatchObject({ code: 64 })
  expect(await cli.addressee(['contacts', 'erase', 'bob@example.com', '--by', 'me'])).toMatchObject({ code: 1 })
  expect(await cli.addressee(['contacts', 'erase', '3', '--by', ' '])).toMatchObject({ code: 1 })
  const erased = await cli.addressee(['contacts', 'erase', '3', '--by', 'request 17'])
  expect(erased).toMatchObject({ code: 0, stderr: '' })
  expect(erased.stdout).toMatch(/^erased contact +3\n/)
  expect(await cli.addressee(['contacts', 'erase', '3', '--by', 'request 17'])).toMatchObject({ code: 1 })
  const { stdout } = await cli.addressee(['contacts', 'consent', '3'])
  expect(stdout).toMatch(/^contact 3, erased: 2 events\n/)
  expect(stdout).toMatch(/erased +the address \(email\) +operator +request 17/)
  expect((await cli.addressee(['contacts', 'consent', '3', '--export', 'gone.json'], { env })).code).toBe(0)
  expect((await elsewhere.addressee(['consent', 'verify', file('gone.json'), '--key', fingerprint])).code).toBe(0)
  const held = await cli.addressee(['contacts', 'export', '3'])
  expect(JSON.parse(held.stdout)).toMatchObject([{ contactId: '3', contact: null, consentEvents: { length: 2 } }])
})

test('the chains of the whole database are checked; a break ends with 1 and is named', async () => {
  expect(await cli.addressee(['consent', 'check'])).toMatchObject({ code: 0, stdout: 'Every chain is whole.\n' })
  await tamper(cli.db, (db) =>
    sql`update consent_event set actor = 'nobody' where contact_id = 1 and number = 2`.execute(db),
  )
  const { code, stdout, stderr } = await cli.addressee(['consent', 'check'])
  expect(code).toBe(1)
  expect(stderr).toContain('the chains of 1 contacts are broken')
  expect(stdout.split('\n')[1]).toMatch(/^1 +2 +its fields are not those that were hashed$/)
})
