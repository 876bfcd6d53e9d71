import { beforeEach, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Limit, NewLimit } from '../../client/limits.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { seedResource } from '../setup/seed.ts'
import { createCommand } from './command.ts'

const { db, url } = await createDatabase()
await seedResource(db, 'acme')
const cli = createCommand({ DATABASE_URL: url })
const addressee = new Addressee({ databaseUrl: url })
atEnd(() => addressee.close())
const { limits } = addressee

beforeEach(async () => {
  await db.deleteFrom('sending_limit').execute()
})

test('limits are set, listed and removed', async () => {
  const provider = await cli.json<Limit>(['limits', 'set', 'provider', 'Mail.Example.com', '--per-second', '50'])
  expect(provider).toMatchObject({ scope: 'provider', key: 'mail.example.com', perSecond: 50, perDay: null })
  const domain = ['limits', 'set', 'domain', 'Müller.example', '--per-second', '0.5', '--per-day', '500,1000']
  const { stdout } = await cli.addressee([...domain, '--starts-on', '2999-01-31', '--by', 'ada'])
  expect(stdout).toBe(
    'scope   key                    a second  used today  cap today  warm-up                 set by\n' +
      'domain  xn--mller-kva.example  0.5                0  -          2 days from 2999-01-31  ada\n',
  )

  const listed = await cli.json<Limit[]>(['limits', 'list'])
  expect(listed).toEqual([
    {
      scope: 'domain',
      key: 'xn--mller-kva.example',
      perSecond: 0.5,
      perDay: [500, 1000],
      startsOn: '2999-01-31',
      capDay: expect.any(Number),
      capToday: null,
      usedToday: 0,
      changedBy: 'ada',
      changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    },
    provider,
  ])
  expect(await cli.addressee(['limits', 'remove', 'provider', 'MAIL.example.com'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'The limit of provider mail.example.com is removed.\n',
  })
  expect(await cli.addressee(['limits', 'remove', 'provider', 'mail.example.com'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'error: key: there is no limit of provider mail.example.com. Name one that there is (addressee limits list).\n',
  })
})

test('people see the rate, what was used today, and how far a warm-up is', async () => {
  const today = new Date().toISOString().slice(0, 10)
  await limits.set({ scope: 'provider', key: 'mail.example.com', perSecond: 0.00001, perDay: [500, 1000] })
  await limits.set({ scope: 'resource', key: 'acme', perDay: [500], startsOn: '2020-01-01' }, { by: 'ada' })
  await limits.set({ scope: 'campaign', key: 'not-there-yet', perSecond: 100 }, { by: 'ada' })
  await db
    .updateTable('sending_limit')
    .set({ used: 480, day: new Date(today) })
    .execute()
  expect((await cli.addressee(['limits', 'list'])).stdout).toBe(
    'scope     key               a second  used today  cap today  warm-up     set by\n' +
      'campaign  not-there-yet     100              480  -          -           ada\n' +
      'provider  mail.example.com  0.00001          480        500  day 1 of 2  the client\n' +
      'resource  acme              -                480  -          over        ada\n',
  )
})

test('a limit is what was set last', async () => {
  const key = 'mail.example.com'
  await limits.set({ scope: 'provider', key, perSecond: 5, perDay: [500] })
  expect(await limits.set({ scope: 'provider', key, perSecond: 6 })).toMatchObject({ perSecond: 6, perDay: null })
  expect(await limits.list()).toHaveLength(1)
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '::1'],
  ['mail_relay', 'mail_relay'],
])('the mail server %s is known as %s', async (written, key) => {
  expect(await limits.set({ scope: 'provider', key: written, perSecond: 5 })).toMatchObject({ key })
})

const provider = { scope: 'provider', key: 'mail.example.com' } as const
const rate = 'must be a number from 0.00001 to 100000. Give messages a second, such as 50 or 0.5.'
const cap = 'must be a whole number from 1 on. Give a cap for each day, such as 500, 1000, 2000.'
const date = 'must be a date from 2000 on. Write the day in UTC like 2030-01-31.'
const host = 'is no host name of a mail server. Give the host of SMTP_URL alone, without scheme, user or port.'
const domain = 'is no domain of recipients. Give what stands after the @ of their addresses, such as gmail.com.'
const asKey = 'Give the key that the campaign has, or will have: lower-case letters, digits and single hyphens.'

test.each<[unknown, string]>([
  [provider, 'perSecond: is missing, and so is perDay. Give one of them or both; to send without a limit, remove it.'],
  [{ ...provider, perSecond: 0 }, `perSecond: ${rate}`],
  [{ ...provider, perSecond: -1 }, `perSecond: ${rate}`],
  [{ ...provider, perSecond: 100_001 }, `perSecond: ${rate}`],
  [{ ...provider, perSecond: Number.NaN }, `perSecond: ${rate}`],
  [{ ...provider, perSecond: '5' }, `perSecond: ${rate}`],
  [
    { ...provider, perDay: [] },
    'perDay: must hold the cap of one day at least. Give a cap for each day, such as 500, 1000, 2000.',
  ],
  [{ ...provider, perDay: [500, 0] }, `perDay.1: ${cap}`],
  [{ ...provider, perDay: [1.5] }, `perDay.0: ${cap}`],
  [
    { ...provider, perDay: [2 ** 31] },
    'perDay.0: must be at most 2147483647. Give a cap for each day, such as 500, 1000, 2000.',
  ],
  [
    { ...provider, perDay: Array.from({ length: 367 }, () => 5) },
    'perDay: must hold the caps of at most 366 days. Give a cap for each day, such as 500, 1000, 2000.',
  ],
  [{ ...provider, perDay: [5], startsOn: '2030-02-30' }, `startsOn: ${date}`],
  [{ ...provider, perDay: [5], startsOn: '0000-01-01' }, `startsOn: ${date}`],
  [
    { ...provider, perSecond: 5, startsOn: '2030-01-31' },
    'startsOn: is the first day of perDay, which is missing. Give the daily caps too, or leave it out.',
  ],
  [{ ...provider, perHour: 5 }, 'perHour: Unrecognized key: "perHour". Correct it and set the limit again.'],
  [
    { scope: 'sender', key: 'acme', perSecond: 5 },
    'scope: must be one of provider, resource, domain, campaign. Correct it and set the limit again.',
  ],
  [
    { scope: 'resource', key: 'acm', perSecond: 5 },
    'resource: there is no resource acm. Create it first, or correct the key (addressee resources list).',
  ],
  [{ scope: 'provider', key: 'smtp://mail.example.com', perSecond: 5 }, `key: smtp://mail.example.com ${host}`],
  [{ scope: 'provider', key: 'mail.example.com:587', perSecond: 5 }, `key: mail.example.com:587 ${host}`],
  [{ scope: 'domain', key: 'ada@gmail.com', perSecond: 5 }, `key: ada@gmail.com ${domain}`],
  [{ scope: 'domain', key: 'localhost', perSecond: 5 }, `key: localhost ${domain}`],
  [{ scope: 'campaign', key: 'Spring', perSecond: 5 }, `key: Spring cannot be the key of a campaign. ${asKey}`],
])('%j is refused', async (limit, says) => {
  await expect(limits.set(limit as NewLimit)).rejects.toThrow(says)
  expect(await limits.list()).toEqual([])
})

test.each([
  {
    args: ['limits', 'set', 'sender', 'acme'],
    says:
      "error: command-argument value 'sender' is invalid for argument 'scope'. " +
      'Allowed choices are provider, resource, domain, campaign.\n',
  },
  {
    args: ['limits', 'set', 'resource', 'acme', '--per-second', '1e3'],
    says: "error: option '--per-second <number>' argument '1e3' is invalid. It must be a number above 0.\n",
  },
  {
    args: ['limits', 'set', 'resource', 'acme', '--per-day', '500, 1000'],
    says: "error: option '--per-day <caps>' argument '500, 1000' is invalid. Write it as 500,1000,2000.\n",
  },
])('$args ends with 64', async ({ args, says }) => {
  const { code, stdout, stderr } = await cli.addressee(args)
  expect({ code, stdout, stderr }).toEqual({ code: 64, stdout: '', stderr: `${says}(--help shows what there is)\n` })
})
