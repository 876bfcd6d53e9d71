import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createShop } from './shop.ts'

const cli = await createShop()

const write = (name: string, content: string | Buffer): void => writeFileSync(join(cli.folder, name), content)
const importing = (...args: string[]) => cli.addressee(['contacts', 'import', ...args, '--source', 'shop'])

const customers = `Kd,E-mail,First name,Topics
1,ada@example.com,Ada,news
2,not an address,Bob,news
3,cem@example.com,Cem,"news, offers"
`

test('a file is imported as mapped; what is rejected is said, written down, and no failure', async () => {
  write('customers.csv', customers)
  const { code, stdout, stderr } = await importing(
    'customers.csv',
    '--map',
    'Kd=externalId',
    '--errors',
    'rejected.csv',
  )
  expect(code).toBe(0)
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^imported 3 rows in \d+\.\d s$/),
    'warning: 1 rows were rejected, and 0 values left out of rows that were kept; rejected.csv says which, and why.',
    '',
  ])
  expect(stdout.split('\n')).toEqual([
    'rows             3',
    '  created        2',
    '  updated        0',
    '  unchanged      0',
    '  repeated       0',
    '  rejected       1',
    'values left out  0',
    'subscribed       3',
    'opted out        0',
    'refusals kept    0',
    '',
  ])
  const errors = readFileSync(join(cli.folder, 'rejected.csv'), 'utf8').split('\r\n')
  expect(errors).toHaveLength(3)
  expect(errors[1]).toMatch(/^3,E-mail,not an address,/)
  const contacts = await cli.db.selectFrom('contact').select(['external_id', 'source']).orderBy('id').execute()
  expect(contacts).toEqual([
    { external_id: '1', source: 'shop' },
    { external_id: '3', source: 'shop' },
  ])
})

test('standard input is imported as JSON reports it, with the consent that the options state', async () => {
  const args = ['contacts', 'import', '-', '--source', 'fair', '--category', 'offers']
  const consent = ['--legal-basis', 'consent', '--explanation', 'Asked at the stand']
  const { code, stdout } = await cli.addressee([...args, ...consent, '--json'], { input: 'email\ndee@example.com\n' })
  expect({ code, report: JSON.parse(stdout) }).toMatchObject({
    code: 0,
    report: { rows: 1, created: 1, subscribed: 1, rejected: 0, errorFile: null },
  })
  const events = await cli.db
    .selectFrom('consent_event')
    .select(['legal_basis', 'explanation', 'through'])
    .where('explanation', 'is not', null)
    .execute()
  expect(events).toEqual([{ legal_basis: 'consent', explanation: 'Asked at the stand', through: 'import' }])
})

test('what is not CSV, or does not fit, is refused, and nothing is imported', async () => {
  write('picture.csv', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
  write('orders.csv', 'order,amount\n1,2\n')
  const before = await cli.db.selectFrom('contact').select('id').execute()
  const refused = (says: string) => ({ code: 1, stdout: '', stderr: `error: ${says}\n` })
  expect(await importing('picture.csv')).toEqual(
    refused('picture.csv: line 1 is not UTF-8. Save the file as "CSV UTF-8" (with or without a byte order mark).'),
  )
  expect(await importing('orders.csv')).toEqual(
    refused(
      'mapping: no column holds the e-mail address (the columns are: order, amount). ' +
        'Name the column "E-mail", or map it: { "<column>": "email" } (--map "<column>=email").',
    ),
  )
  expect(await importing('nowhere.csv')).toEqual(
    refused('nowhere.csv: there is no such file. Pass the path of a CSV file that can be read.'),
  )
  expect(await importing('customers.csv', '--category', 'nwes')).toEqual(
    refused('categories: there is no category "nwes". Known are: news, offers.'),
  )
  expect(await cli.db.selectFrom('contact').select('id').execute()).toEqual(before)
})
