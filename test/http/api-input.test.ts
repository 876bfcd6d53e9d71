import { describe, expect, test } from 'vitest'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCategory, seedResource } from '../setup/seed.ts'

const { db } = await createDatabase()
const { ask, newKey, addressee } = await createTestApi(db)
await seedCategory(db, await seedResource(db, 'acme'))

const contacts = () => db.selectFrom('contact').select('id').execute()

describe('bodies', () => {
  const email = 'a@example.com'
  const bytes = (...parts: (string | number[])[]) =>
    new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

  test.each([
    ['no JSON', '{"email": ', 400],
    ['nothing', '', 400],
    ['a key twice', `{"email":"${email}","email":"b@example.com"}`, 400],
    ['a key twice, once in escapes', `{"email":"${email}","\\u0065mail":"b@example.com"}`, 400],
    ['a key twice, further down', `{"email":"${email}","attributes":{"a":"1","a":"2"}}`, 400],
    ['a bomb of arrays', '['.repeat(500_000), 400],
    ['21 levels', `{"email":${'['.repeat(20)}${']'.repeat(20)}}`, 400],
    ['NUL', '{"email":"a\\u0000@example.com"}', 400],
    ['NUL in a key', `{"email":"${email}","attributes":{"\\u0000":"1"}}`, 400],
    ['half a surrogate pair', `{"email":"${email}","firstName":"\\ud800"}`, 400],
    ['invalid UTF-8', bytes(`{"email":"${email}","firstName":"`, [0xff], '"}'), 400],
    ['a UTF-16 mark', bytes([0xff, 0xfe], '{}'), 400],
    ['more than a mebibyte', `{"email":"${email}","firstName":"${'x'.repeat(1024 * 1024)}"}`, 413],
    ['an array', '[]', 422],
    ['null', 'null', 422],
    ['__proto__', `{"email":"${email}","__proto__":{"polluted":true}}`, 422],
    ['constructor', `{"email":"${email}","constructor":{"prototype":{"polluted":true}}}`, 422],
    ['a number for a text', '{"email":1}', 422],
    ['a text that is too long', `{"email":"${email}","firstName":"${'x'.repeat(201)}"}`, 422],
    ['a language that is none', `{"email":"${email}","language":"English"}`, 422],
    ['an address that is none', '{"email":"a@b"}', 422],
  ])('%s is refused, and nothing is changed', async (_, raw, expected) => {
    const { status, body, headers } = await ask('POST', '/v1/contacts', { raw })
    expect([status, body['status']]).toEqual([expected, expected])
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(await contacts()).toEqual([])
    expect('polluted' in {}).toBe(false)
  })

  test('__proto__ among attributes is left out or kept as a name, and pollutes nothing', async () => {
    const raw = '{"email":"proto@example.com","attributes":{"__proto__":"x","a":"b"}}'
    const { status } = await ask('POST', '/v1/contacts', { raw })
    expect(status).toBeLessThan(500)
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
    await db.deleteFrom('contact').execute()
  })

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/jsonx', 415],
    ['APPLICATION/JSON; charset=utf-8', 200],
  ])('%s gets %d', async (type, expected) => {
    const asking = { raw: '{"email":"typed@example.com"}', headers: { 'Content-Type': type } }
    expect((await ask('POST', '/v1/contacts', asking)).status).toBe(expected)
  })
})

test('an unknown field is named with the one that is meant', async () => {
  const refused = async (path: string, body: unknown) => (await ask('POST', path, { body })).body
  expect(await refused('/v1/contacts', { email: 'a@example.com', firstname: 'A' })).toMatchObject({
    field: 'firstname',
    rule: 'is not a field',
    remedy: 'Is firstName meant?',
  })
  const content = { en: { subject: 'x', text: 'x', htm: 'x' } }
  expect(
    await refused('/v1/campaigns', { key: 'k', resource: 'acme', categories: [], content, now: true }),
  ).toMatchObject({
    field: 'content.en.htm',
    remedy: 'Is html meant?',
  })
  expect(await refused('/v1/contacts', {})).toMatchObject({ field: 'email', rule: 'is missing' })
})

test('paths and queries with what no column holds', async () => {
  for (const path of [
    '/v1/categories/%00',
    '/v1/categories/a%00b',
    '/v1/contacts/by-external-id/%00',
    '/v1/subscriptions?externalId=%00',
    '/v1/subscriptions?email=%00@example.com',
    '/v1/campaigns/%E0%A4%A',
    `/v1/categories/${'x'.repeat(101)}`,
    '/v1/campaigns/99999999999999999999',
    '/v1/contacts/99999999999999999999',
    '/v1/contacts/-1',
  ]) {
    const { status } = await ask('GET', path)
    expect([400, 404, 422], path).toContain(status)
  }
})

test('a path that is none, and a method that is none', async () => {
  expect((await ask('GET', '/v1/nothing')).body).toMatchObject({ status: 404, type: 'urn:addressee:problem:not_found' })
  expect((await ask('GET', '/v1')).status).toBe(404)
  const { status, headers } = await ask('DELETE', '/v1/contacts')
  expect([status, headers.get('allow')]).toEqual([405, 'POST'])
})

describe('Idempotency-Key', () => {
  const once = (key: string, body: unknown, more: { key?: string } = {}) =>
    ask('POST', '/v1/contacts', { body, headers: { 'Idempotency-Key': key }, ...more })

  test('the same request gets the answer of the first; another one is refused', async () => {
    const first = await once('k1', { email: 'once@example.com' })
    expect(first.body).toMatchObject({ created: true })
    const second = await once('k1', { email: 'once@example.com' })
    expect([second.status, second.body]).toEqual([200, first.body])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    const other = await once('k1', { email: 'other@example.com' })
    expect([other.status, other.body['type']]).toEqual([422, 'urn:addressee:problem:other_request'])
    const elsewhere = { body: { email: 'once@example.com' }, headers: { 'Idempotency-Key': 'k1' } }
    expect((await ask('POST', '/v1/suppressions', elsewhere)).status).toBe(422)
    expect((await once('k1', { email: 'once@example.com' }, { key: await newKey() })).body).toMatchObject({
      created: false,
    })
  })

  test('of many at once, one is carried out', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => once('k2', { email: 'many@example.com' })))
    const carriedOut = answers.filter(
      ({ status, headers }) => status === 200 && headers.get('idempotency-replayed') === null,
    )
    expect(carriedOut).toHaveLength(1)
    for (const { status } of answers) expect([200, 409]).toContain(status)
    expect((await once('k2', { email: 'many@example.com' })).body).toMatchObject({ created: true })
  })

  test('a refusal is an answer too; a body that cannot be read is none', async () => {
    const { id } = await addressee.contacts.save({ email: 'gone@example.com' })
    const body = { contactId: String(Number(id) + 1_000_000) }
    const first = await ask('POST', '/v1/opt-outs', { body, headers: { 'Idempotency-Key': 'k3' } })
    expect(first.status).toBe(422)
    const second = await ask('POST', '/v1/opt-outs', { body, headers: { 'Idempotency-Key': 'k3' } })
    expect([second.status, second.body, second.headers.get('content-type')]).toEqual([
      422,
      first.body,
      'application/problem+json',
    ])
    const bad = { raw: '{', headers: { 'Idempotency-Key': 'k4' } }
    expect((await ask('POST', '/v1/contacts', bad)).status).toBe(400)
    expect((await once('k4', { email: 'k4@example.com' })).status).toBe(200)
  })

  test('keys that cannot be, and answers that are a day old', async () => {
    for (const key of ['', ' ', 'x'.repeat(201), 'ключ']) {
      const asking = {
        body: { email: 'a@example.com' },
        headers: { 'Idempotency-Key': encodeURI(key) === key ? key : 'a b' },
      }
      expect((await ask('POST', '/v1/contacts', asking)).status).toBe(422)
    }
    await once('k5', { email: 'day@example.com' })
    await db
      .updateTable('api_answer')
      .set({ created_at: new Date(Date.now() - 25 * 3_600_000) })
      .execute()
    expect((await once('k5', { email: 'day@example.com' })).body).toMatchObject({ created: false })
    expect(await db.selectFrom('api_answer').select('idempotency_key').execute()).toHaveLength(1)
  })

  test('whoever died over it is succeeded after a minute, not before', async () => {
    await once('k7', { email: 'died@example.com' })
    const isRunning = { status: null, body: null }
    await db.updateTable('api_answer').set(isRunning).where('idempotency_key', '=', 'k7').execute()
    expect((await once('k7', { email: 'died@example.com' })).status).toBe(409)
    const created_at = new Date(Date.now() - 61_000)
    await db.updateTable('api_answer').set({ created_at }).where('idempotency_key', '=', 'k7').execute()
    expect((await once('k7', { email: 'other@example.com' })).status).toBe(422)
    expect((await once('k7', { email: 'died@example.com' })).body).toMatchObject({ created: false })
  })

  test('of the request only a hash is kept', async () => {
    await once('k6', { email: 'hashed@example.com', firstName: 'Grace' })
    const rows = await db.selectFrom('api_answer').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain('Grace')
  })
})
