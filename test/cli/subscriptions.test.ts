import { beforeAll, expect, test } from 'vitest'
import { createShop } from './shop.ts'

const cli = await createShop()

beforeAll(async () => {
  const input = 'id,email\nada,ada@example.com\ntwin,ada@example.com\nbob,bob@example.com\n'
  await cli.addressee(['contacts', 'import', '-', '--source', 'fair', '--map', 'id=externalId'], { input })
  await cli.db.updateTable('category').set({ double_opt_in: true }).where('key', '=', 'offers').execute()
})

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli.addressee(['contacts', ...args])
  return { code, stdout: stdout.trim(), stderr: stderr.trim() }
}

const events = () =>
  cli.db
    .selectFrom('consent_event')
    .select(['action', 'through', 'actor', 'legal_basis', 'explanation'])
    .orderBy('id')
    .execute()

test('subscribe, again, unsubscribe, and in vain once more: each is told, and kept with who said it', async () => {
  const basis = ['--by', 'ada', '--legal-basis', 'consent', '--explanation', 'asked by phone']
  expect(await run('subscribe', 'bob', 'news', ...basis)).toMatchObject({ code: 0, stdout: 'subscribed' })
  expect((await run('subscribe', 'bob', 'news')).stdout).toBe('subscribed already; nothing was changed')
  expect((await run('unsubscribe', 'bob', 'news', '--by', 'ada')).stdout).toBe('unsubscribed')
  expect(await run('unsubscribe', 'bob', 'news')).toMatchObject({
    stdout: 'unsubscribed already',
    stderr: 'That was refused already; nothing was changed.',
  })
  expect((await run('subscribe', 'bob', 'news', '--asked')).stdout).toMatch(/^refused before/)
  expect(await events()).toEqual([
    { action: 'subscribed', through: 'operator', actor: 'ada', legal_basis: 'consent', explanation: 'asked by phone' },
    { action: 'unsubscribed', through: 'operator', actor: 'ada', legal_basis: null, explanation: null },
  ])
})

test('double opt-in: the contact is asked, and who refused only when they asked for it', async () => {
  expect((await run('subscribe', 'bob@example.com', 'offers')).stdout).toMatch(/^asked to confirm by mail/)
  await run('unsubscribe', 'ada@example.com', 'offers')
  expect((await run('subscribe', 'ada', 'offers')).stdout).toMatch(/^refused before/)
  const again = ['subscribe', 'twin', 'offers', '--asked', '--json']
  expect(JSON.parse((await run(...again)).stdout)).toEqual({ contact: 'twin', category: 'offers', outcome: 'pending' })
})

test('Temporal away: asking is recorded all the same', async () => {
  const input = 'id,email\ncem,cem@example.com\n'
  await cli.addressee(['contacts', 'import', '-', '--source', 'fair', '--map', 'id=externalId'], { input })
  const asked = await cli.addressee(['contacts', 'subscribe', 'cem', 'offers'], {
    env: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
  })
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^asked to confirm by mail/) as string })
})

test('from a resource and from everything, for everybody who has the address', async () => {
  expect((await run('unsubscribe', 'ada@example.com', '--resource', 'acme')).stdout).toBe('unsubscribed')
  expect((await run('unsubscribe', 'ada', '--everything')).stdout).toBe('unsubscribed')
  const rows = await cli.db
    .selectFrom('opt_out')
    .innerJoin('contact', 'contact.id', 'opt_out.contact_id')
    .select(['external_id', 'resource_id'])
    .orderBy('external_id')
    .orderBy('resource_id')
    .execute()
  expect(rows.map((row) => `${row.external_id} ${row.resource_id === null}`)).toEqual([
    'ada false',
    'ada true',
    'twin false',
    'twin true',
  ])
})

test.each([
  [['subscribe', 'nobody@example.com', 'news'], /there is no contact nobody@example\.com/],
  [['subscribe', 'bob', 'nothing'], /there is no category nothing/],
  [['unsubscribe', 'bob'], /exactly one of/],
  [['unsubscribe', 'bob', 'news', '--everything'], /exactly one of/],
  [['unsubscribe', 'bob', '--resource', 'nowhere'], /there is no resource nowhere/],
])('contacts %s: refused', async (args, rule) => {
  expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(rule) as string })
})
