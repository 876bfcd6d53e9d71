import { Client, Connection } from '@temporalio/client'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { Campaign, CampaignWithCounts, Scheduled } from '../../client/campaigns.ts'
import type { Explanation } from '../../db/explain.ts'
import { goodText, writeMessage } from './message.ts'
import { createShop } from './shop.ts'

// Recording and reading campaigns. No worker runs: sending is the business of worker.test.ts.

const people = `E-mail,First name,Topics
ada@example.com,Ada,news
bob@example.com,Bob,news
cem@example.com,Cem,offers
BOB@example.com,Bobby,news
`

const cli = await createShop()
let message: string

const future = '2040-06-01T09:00:00+02:00'
const definition = (key: string, ...rest: string[]) => [
  '--key',
  key,
  '--resource',
  'acme',
  '--message',
  message,
  ...rest,
]
const schedule = (key: string, ...rest: string[]) => ['campaigns', 'schedule', ...definition(key, ...rest)]

beforeAll(async () => {
  message = writeMessage(cli.folder, 'spring', goodText)
  const { code } = await cli.addressee(['contacts', 'import', '-', '--source', 'shop'], { input: people })
  expect(code).toBe(0)
})

test('a campaign is recorded, once for each key, and shown', async () => {
  const args = schedule('spring', '--category', 'news', '--send-at', future, '--title', 'Spring')
  const first = await cli.addressee([...args, '--json'])
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' })
  const scheduled = JSON.parse(first.stdout) as Scheduled
  expect(scheduled).toMatchObject({
    key: 'spring',
    created: true,
    state: 'scheduled',
    sendAt: '2040-06-01T07:00:00.000Z',
    workflowId: `campaign/${scheduled.id}`,
  })

  const second = await cli.addressee([...args, '--title', 'Another title'])
  expect({ code: second.code, stderr: second.stderr }).toEqual({
    code: 0,
    stderr: 'Campaign spring exists already; nothing was changed.\n',
  })
  const relative = /in [\d,]+ days/
  expect(
    second.stdout
      .replaceAll(/(\d+ (second|minute)s? ago|now)\)/g, 'X)')
      .replace(relative, 'in N days')
      .split('\n'),
  ).toEqual([
    'key           spring',
    'title         Spring',
    `id            ${scheduled.id}`,
    'state         scheduled',
    'resource      acme',
    'categories    news',
    'send at       2040-06-01T07:00:00.000Z (09:00 Europe/Berlin, in N days)',
    'on uncertain  hold',
    expect.stringMatching(/^created {7}\d{4}-\d\d-\d\dT[\d:.]+Z \(.* Europe\/Berlin, X\)$/),
    'frozen        -',
    'finished      -',
    `workflow      campaign/${scheduled.id}`,
    '',
  ])
  expect(await cli.json<Campaign[]>(['campaigns', 'list'])).toEqual([
    expect.objectContaining({ id: scheduled.id, key: 'spring', title: 'Spring' }),
  ])
  const counts = { queued: 0, claimed: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
  expect(await cli.json<CampaignWithCounts>(['campaigns', 'show', 'spring'])).toMatchObject({ key: 'spring', counts })
})

test('without Temporal a campaign is recorded, and the same command starts it later', async () => {
  const args = schedule('patient', '--category', 'news', '--send-at', future)
  const away = await cli.addressee(args, { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } })
  expect(away).toEqual({
    code: 69,
    stdout: '',
    stderr:
      'error: Temporal does not answer at 127.0.0.1:1. Check TEMPORAL_ADDRESS and that the server runs; ' +
      'then repeat the command: it picks up where it stopped.\n',
  })
  const { workflowId, state } = await cli.json<Campaign>(['campaigns', 'show', 'patient'])
  expect(state).toBe('scheduled')
  expect(await workflowStatus(workflowId)).toBe('NOT_FOUND')

  const again = await cli.addressee(args)
  expect({ code: again.code, stderr: again.stderr }).toEqual({
    code: 0,
    stderr: 'Campaign patient exists already; nothing was changed.\n',
  })
  expect(await workflowStatus(workflowId)).toBe('RUNNING')
})

async function workflowStatus(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: inject('temporalAddress') })
  const handle = new Client({ connection, namespace: cli.namespace }).workflow.getHandle(workflowId)
  const status = await handle.describe().then(
    (description) => description.status.name as string,
    () => 'NOT_FOUND',
  )
  await connection.close()
  return status
}

test('the funnel of a campaign, of options, and of a dry run', async () => {
  await cli.json(schedule('previewed', '--category', 'news', '--send-at', future))
  const expected = { candidates: 3, audience: 2, funnel: { included: 2, not_subscribed: 1 } }
  expect(await cli.json(['campaigns', 'preview', 'previewed'])).toEqual(expected)

  const sketch = await cli.addressee(['campaigns', 'preview', '--resource', 'acme', '--category', 'offers'])
  expect(sketch).toEqual({
    code: 0,
    stdout: 'candidates        3\n- not_subscribed  2\naudience          1\n',
    stderr: '',
  })

  const dry = await cli.addressee(schedule('dry', '--category', 'news', '--now', '--dry-run'))
  expect(dry).toEqual({
    code: 0,
    stdout: 'candidates        3\n- not_subscribed  1\naudience          2\n',
    stderr: 'Dry run: nothing was recorded.\n',
  })
  const { code, stderr } = await cli.addressee(['campaigns', 'show', 'dry'])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'error: campaign: there is no campaign dry. Give the key or the id of one (addressee campaigns list).\n',
  })
})

test('explain says which rule decides', async () => {
  await cli.json(schedule('explained', '--category', 'news', '--send-at', future))
  const [ada] = await cli.json<Explanation[]>(['campaigns', 'explain', 'explained', 'Ada@Example.com'])
  const consents = [{ category: 'news', status: 'subscribed', source: 'category', changedAt: expect.any(String) }]
  expect(ada).toMatchObject({ reason: null, recipient: null, consents })
  const { stdout } = await cli.addressee(['campaigns', 'explain', 'explained', 'cem@example.com'])
  expect(stdout.replace(/contact \d+/, 'contact N').split('\n')).toEqual([
    'contact N does not belong to the audience: not_subscribed',
    '  yes 1. is a member of at least one included segment',
    "  no  2. is subscribed to the message's categories",
    '  yes 3. is in no excluded segment or category',
    '  yes 4. has not opted out of everything or of the resource',
    '  yes 5. has no delayed unsubscribe running',
    '  yes 6. is not deleted',
    '  yes 7. has an active address on the channel',
    '  yes 8. that address is not suppressed',
    '  yes 9. no earlier contact of the audience has the same address',
    'category  resource  consent         decided by    legal basis  explanation  since',
    'News      Acme      not_subscribed  the category  -            -            -',
    'ledger: not a recipient',
    '',
  ])
})

test('segments narrow the audience', async () => {
  await cli.json(schedule('befriended', '--category', 'news', '--send-at', future))
  const [ada] = await cli.json<Explanation[]>(['campaigns', 'explain', 'befriended', 'ada@example.com'])
  await cli.json(['segments', 'create', 'friends', '--title', 'Friends'])
  expect(await cli.addressee(['segments', 'add', 'friends', ada?.contactId ?? '', '999999'])).toEqual({
    code: 0,
    stdout: '1 added\n',
    stderr: '1 of the ids were in segment friends already, or no contact has them.\n',
  })
  const audience = ['--resource', 'acme', '--category', 'news', '--segment', 'friends']
  const preview = await cli.json(['campaigns', 'preview', ...audience])
  expect(preview).toEqual({ candidates: 1, audience: 1, funnel: { included: 1 } })
})

test('a command holds even when no worker can be told, and says so', async () => {
  await cli.json(schedule('held', '--category', 'news', '--send-at', future))
  const paused = await cli.addressee(['campaigns', 'pause', 'held', '--by', 'ada', '--reason', 'a typo'])
  expect(paused).toEqual({
    code: 69,
    stdout: '',
    stderr:
      'error: Campaign held is changed in the database, which its senders obey, but its workflow could not be told. ' +
      'Repeat the command when Temporal and a worker are up: the Temporal UI shows the old state until then.\n',
  })
  expect((await cli.addressee(['campaigns', 'show', 'held'])).stdout).toContain(
    '\nstate         paused by ada: a typo\n',
  )
})

test('lists are tables for people', async () => {
  expect((await cli.addressee(['categories', 'list'])).stdout).toBe(
    'key     title   resource  consent  channels  subscribed\n' +
      'news    News    acme      opt_in   all                2\n' +
      'offers  Offers  acme      opt_in   all                1\n',
  )
  expect((await cli.addressee(['resources', 'list'])).stdout).toBe(
    'key   name  sender                    list id            dkim  unsubscribing\n' +
      'acme  Acme  Acme <news@acme.example>  news.acme.example  -     instant\n',
  )
})

describe('what is refused ends with 1 and records nothing', () => {
  const unknownVariable = 'Hello {{ contact.frist_name }}\n{{ unsubscribe_url }}\n'
  const endless = '{% for i in (1..100000000) %}x{% endfor %}{{ unsubscribe_url }}\n'
  const now = ['--now', '--category', 'news']
  test.each([
    {
      what: 'an hour in the past',
      args: () => schedule('bad', '--category', 'news', '--send-at', '2020-01-01T00:00:00Z'),
      says: 'sendAt: lies in the past (2020-01-01T00:00:00.000Z). Give a later time, or send at once with now: true (--now).',
    },
    {
      what: 'no hour',
      args: () => schedule('bad', '--category', 'news'),
      says: 'sendAt: is missing. Give either sendAt (a time in the future) or now: true (--now).',
    },
    {
      what: 'a category that does not exist',
      args: () => schedule('bad', '--now', '--category', 'nwes'),
      says: 'categories: there is no category nwes. Create it first, or correct the key (addressee categories list).',
    },
    {
      what: 'neither category nor segment',
      args: () => schedule('bad', '--now'),
      says:
        'categories: a campaign needs a category or a segment: with neither it would go to everybody. ' +
        'Name at least one of categories or segments.',
    },
    {
      what: 'an unknown variable',
      args: () => [
        'campaigns',
        'schedule',
        '--key',
        'bad',
        '--resource',
        'acme',
        '--message',
        written(unknownVariable),
        ...now,
      ],
      says:
        'content.en.text: the template uses the unknown variable contact.frist_name. Known are contact.first_name, ' +
        'contact.last_name, contact.external_id, contact.email, contact.language, contact.time_zone, ' +
        "contact.attributes, resource.name, campaign.key, unsubscribe_url, preferences_url; a contact's own fields are " +
        "contact.attributes.<name>, a subscription's subscription.<name>.",
    },
    {
      what: 'an endless loop',
      args: () => [
        'campaigns',
        'schedule',
        '--key',
        'bad',
        '--resource',
        'acme',
        '--message',
        written(endless),
        ...now,
      ],
      says:
        'content.en.text: the template does not work: memory alloc limit exceeded, line:1, col:1. ' +
        'Correct it at the place named.',
    },
    {
      what: 'an id that is none',
      args: () => ['segments', 'add', 'friends', 'ada'],
      says: 'contactId: ada is no id of a contact. Ids are whole numbers.',
    },
    {
      what: 'a contact that does not exist',
      args: () => ['campaigns', 'explain', 'spring', 'zoe@example.com'],
      says:
        'contact: there is no contact zoe@example.com. ' +
        'Give an id, an external id or an e-mail address that a contact has.',
    },
    {
      what: 'no message',
      args: () => ['campaigns', 'schedule', '--key', 'bad', '--resource', 'acme', '--message', 'nowhere', ...now],
      says: 'nowhere: there is no such folder. Pass the folder that holds the templates.',
    },
  ])('$what', async ({ args, says }) => {
    expect(await cli.addressee(args())).toEqual({ code: 1, stdout: '', stderr: `error: ${says}\n` })
    const recorded = await cli.db.selectFrom('campaign').select('id').where('key', '=', 'bad').execute()
    expect(recorded).toEqual([])
  })
})

let messages = 0
const written = (text: string): string => {
  messages += 1
  return writeMessage(cli.folder, `bad-${messages}`, text)
}
