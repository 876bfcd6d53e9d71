import { expect, test } from 'vitest'
import type { ApiKey, CreatedApiKey } from '../../client/api-keys.ts'
import { createDatabase } from '../setup/database.ts'
import { createCommand } from './command.ts'

const { db, url } = await createDatabase()
const cli = createCommand({ DATABASE_URL: url })

test('a key is created, shown once, listed and revoked', async () => {
  const { code, stdout, stderr } = await cli.addressee([
    'api-keys',
    'create',
    'shop',
    '--scope',
    'read',
    'campaigns:write',
  ])
  expect([code, stderr]).toEqual([0, 'Keep it: it is not stored in a form that can be shown again.\n'])
  expect(stdout).toMatch(/^adr_[A-Za-z0-9_-]{43}\n$/)
  const options = ['--scope', 'admin', '--access-group', 'agency', '--per-second', '5', '--by', 'ada']
  const created = await cli.json<CreatedApiKey>(['api-keys', 'create', 'agency', ...options])
  const agency = { name: 'agency', scopes: ['admin'], accessGroup: 'agency', requestsPerSecond: 5, createdBy: 'ada' }
  expect(created).toMatchObject({ ...agency, key: expect.stringMatching(/^adr_/) })

  const listed = await cli.addressee(['api-keys', 'list', '--json'])
  expect(JSON.parse(listed.stdout) as ApiKey[]).toMatchObject([
    agency,
    { name: 'shop', lastUsedAt: null, revokedAt: null },
  ])
  expect(listed.stdout).not.toMatch(/adr_|hash/)
  const stored = await db.selectFrom('api_key').select('hash').execute()
  expect(stored.map(({ hash }) => hash.length)).toEqual([32, 32])

  expect(await cli.addressee(['api-keys', 'revoke', 'shop'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'The key shop is revoked.\n',
  })
  const people = (await cli.addressee(['api-keys', 'list'])).stdout.split('\n')
  expect(people[0]).toMatch(/^name +scopes +access group +a second +created by +last used +revoked$/)
  expect(people[2]).toMatch(/^shop +read, campaigns:write +- +50 .* - +\S/)
  // The name of a revoked key is free again.
  expect((await cli.addressee(['api-keys', 'create', 'shop', '--scope', 'read'])).code).toBe(0)
})

test.each([
  [['create', 'agency', '--scope', 'read'], 1, 'error: name: there is a key agency already. '],
  [['create', ' ', '--scope', 'read'], 1, 'error: name: must not be empty. '],
  [['create', 'x', '--scope', 'read', '--access-group', ''], 1, 'error: accessGroup: must not be empty. '],
  [['create', 'x', '--scope', 'read', '--per-second', '10001'], 1, 'error: requestsPerSecond: '],
  [['create', 'x', '--scope', 'write'], 64, 'error: option'],
  [['create', 'x'], 64, 'error: required option'],
  [['revoke', 'nobody'], 1, 'error: name: there is no key nobody that could be revoked. '],
])('%j is refused', async (args, expected, message) => {
  const { code, stdout, stderr } = await cli.addressee(['api-keys', ...args])
  expect([code, stdout]).toEqual([expected, ''])
  expect(stderr).toContain(message)
})
