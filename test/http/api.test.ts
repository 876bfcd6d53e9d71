import { describe, expect, test } from 'vitest'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedContact, seedResource, seedSegment } from '../setup/seed.ts'

const { db } = await createDatabase()
const { ask, addressee } = await createTestApi(db)
const acme = await seedResource(db, 'acme')
const news = await seedCategory(db, acme)
// Of one resource there would be no second page.
await seedCategory(db, await seedResource(db, 'agency'))

const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }

describe('contacts and consent', () => {
  test('a contact is created, completed, found, subscribed and unsubscribed', async () => {
    const created = await ask('POST', '/v1/contacts', {
      body: {
        email: 'Ada@Example.com',
        externalId: 'shop 7/ä',
        firstName: 'Ada',
        language: 'en_gb',
        attributes: { a: 'b' },
      },
    })
    expect(created.body).toMatchObject({ created: true })
    const { id } = created.body
    const again = await ask('POST', '/v1/contacts', {
      body: { email: 'ada@example.com', externalId: 'shop 7/ä', lastName: 'L' },
    })
    expect(again.body).toEqual({ id, created: false })
    const found = { id, firstName: 'Ada', lastName: 'L', language: 'en-GB', attributes: { a: 'b' }, deletedAt: null }
    expect((await ask('GET', `/v1/contacts/${id}`)).body).toMatchObject(found)
    expect((await ask('GET', `/v1/contacts/by-external-id/${encodeURIComponent('shop 7/ä')}`)).body).toMatchObject(
      found,
    )
    expect((await ask('POST', '/v1/contacts/search', { body: { email: 'ADA@example.com' } })).body.items).toMatchObject(
      [found],
    )

    const body = {
      email: 'ada@example.com',
      category: news.key,
      legalBasis: 'CONSENT_WITH_NOTICE',
      explanation: 'form 3',
    }
    const subscribed = {
      contactId: id,
      category: news.key,
      status: 'subscribed',
      source: 'category',
      legalBasis: body.legalBasis,
    }
    expect((await ask('PUT', '/v1/subscriptions', { body })).body).toMatchObject(subscribed)
    expect((await ask('PUT', '/v1/subscriptions', { body })).status).toBe(200)
    const query = `externalId=${encodeURIComponent('shop 7/ä')}`
    expect((await ask('GET', `/v1/subscriptions?${query}`)).body.items).toContainEqual(
      expect.objectContaining(subscribed),
    )
    const gone = await ask('DELETE', `/v1/subscriptions?${query}&category=${news.id}&explanation=phone`)
    expect(gone.body).toMatchObject({ status: 'unsubscribed', explanation: 'phone' })
    const refused = await ask('PUT', '/v1/subscriptions', { body })
    expect([refused.status, refused.body['type']]).toEqual([409, 'urn:addressee:problem:conflict'])
    const { items } = (await ask('GET', `/v1/consent?contactId=${id}`)).body
    expect(items).toMatchObject([
      { number: 1, action: 'subscribed', through: 'api', actor: 'admin', explanation: 'form 3', category: news.key },
      { number: 2, action: 'unsubscribed', through: 'api', actor: 'admin', explanation: 'phone' },
    ])
  })

  test('exactly one name for a contact; one that nobody has; one that is none', async () => {
    const refusedField = async (query: string) => {
      const { status, body } = await ask('GET', `/v1/subscriptions${query}`)
      return [status, body['field']]
    }
    expect(await refusedField('')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=1&email=a@example.com')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=999999')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=1e3')).toEqual([422, 'contactId'])
    expect(await refusedField('?email=nobody')).toEqual([422, 'email'])
    expect(await refusedField('?email=nobody@example.com')).toEqual([422, 'email'])
    expect((await ask('GET', '/v1/contacts/999999')).status).toBe(404)
    expect((await ask('GET', '/v1/contacts/by-external-id/none')).status).toBe(404)
  })

  test('what a contact gains with an address is refused already', async () => {
    const { id } = await addressee.contacts.save({ email: 'once@example.com' })
    expect((await ask('POST', '/v1/opt-outs', { body: { contactId: id, resource: 'acme' } })).body).toEqual({
      changed: true,
    })
    expect((await ask('POST', '/v1/opt-outs', { body: { contactId: id, resource: 'acme' } })).body).toEqual({
      changed: false,
    })
    await addressee.contacts.save({ email: 'once@example.com', externalId: 'twin' })
    const put = await ask('PUT', '/v1/subscriptions', { body: { externalId: 'twin', category: news.key } })
    expect(put.status).toBe(409)
    const { items } = (await ask('GET', '/v1/subscriptions?externalId=twin')).body
    expect(items.find(({ category }) => category === news.key)).toMatchObject({
      status: 'unsubscribed',
      source: 'resource',
    })
  })

  test('an address is suppressed, found, listed and let go', async () => {
    const body = { email: 'Spam@example.com', kind: 'complained', reason: 'wrote to us' }
    const created = await ask('POST', '/v1/suppressions', { body })
    expect(created.body).toMatchObject({ created: true, kind: 'complained', channel: 'email' })
    expect((await ask('POST', '/v1/suppressions', { body: { email: 'spam@example.com' } })).body).toMatchObject({
      created: false,
      kind: 'complained',
    })
    const suppressed = await ask('GET', '/v1/suppressions?email=spam@example.com')
    expect(suppressed.body.items).toMatchObject([{ id: created.body.id, reason: 'wrote to us' }])
    expect(JSON.stringify(suppressed.body)).not.toContain('example.com')
    expect((await ask('DELETE', `/v1/suppressions/${created.body.id}`)).status).toBe(204)
    expect((await ask('DELETE', `/v1/suppressions/${created.body.id}`)).status).toBe(422)
    expect((await ask('GET', '/v1/suppressions?email=spam@example.com')).body.items).toEqual([])
  })
})

describe('pages', () => {
  test('lists come in pages that miss nothing and repeat nothing', async () => {
    for (let each = 0; each < 7; each += 1) {
      await addressee.suppressions.create({ email: `page-${each}@example.com` })
      await seedCampaign(db, { resourceId: acme, segments: [await seedSegment(db, [])] })
      const contactId = await seedContact(db, { address: `page-${each}@example.org` })
      await addressee.optOuts.create({ contactId }, each % 2 === 0 ? {} : { resource: 'acme', channel: 'email' })
    }
    for (const path of ['/v1/suppressions', '/v1/campaigns', '/v1/opt-outs', '/v1/resources', '/v1/categories']) {
      const whole = (await ask('GET', `${path}?limit=200`)).body
      expect(whole.next, path).toBeNull()
      const seen: unknown[] = []
      let cursor = ''
      for (;;) {
        const { body } = await ask('GET', `${path}?limit=2${cursor}`)
        seen.push(...body.items)
        expect(body.items.length).toBeLessThanOrEqual(2)
        if (body.next === null) break
        cursor = `&cursor=${body.next}`
      }
      expect(seen, path).toEqual(whole.items)
    }
  })

  test('a cursor of another list, a made-up one, and limits that cannot be', async () => {
    const { body } = await ask('GET', '/v1/resources?limit=1')
    for (const query of [
      `cursor=${body.next}`,
      'cursor=x',
      `cursor=${Buffer.from('categories 1 2').toString('base64url')}`,
      `cursor=${Buffer.from("categories 1'").toString('base64url')}`,
      'limit=0',
      'limit=201',
      'limit=1.5',
      'limit=x',
      'limit=',
      'limits=5',
    ]) {
      const answer = await ask('GET', `/v1/categories?${query}`)
      expect([answer.status, typeof answer.body['rule']], query).toEqual([422, 'string'])
    }
    expect((await ask('GET', '/v1/categories?limit=1&limit=2')).status).toBe(400)
  })
})

test('what exists is shown by the fields that are declared: the secrets of a resource are not', async () => {
  const dkim = { dkim_domain: 'acme.example', dkim_selector: 's', dkim_private_key: 'PRIVATE' }
  await db.updateTable('resource').set(dkim).where('id', '=', acme).execute()
  const { body } = await ask('GET', '/v1/resources/acme')
  expect(body).toMatchObject({ key: 'acme', fromAddress: 'news@acme.example' })
  expect(JSON.stringify(body)).not.toContain('PRIVATE')
})

test('Temporal away: the campaign is recorded, and the answer says that it must be asked again', async () => {
  const body = { key: 'later', resource: 'acme', categories: [news.key], content, sendAt: '2999-01-31T09:00:00+01:00' }
  const { status, body: problem } = await ask('POST', '/v1/campaigns', {
    body,
    headers: { 'Idempotency-Key': 'later' },
  })
  expect([status, problem['type']]).toEqual([503, 'urn:addressee:problem:unavailable'])
  expect(await db.selectFrom('api_answer').select('status').execute()).toEqual([])
  expect((await ask('GET', '/v1/campaigns/later')).body).toMatchObject({
    state: 'scheduled',
    sendAt: '2999-01-31T08:00:00.000Z',
  })
})
