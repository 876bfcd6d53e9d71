import { Client } from '@hubspot/api-client'
import { ApiException } from '@hubspot/api-client/lib/codegen/communication_preferences/apis/exception.js'
import { expect, test } from 'vitest'
import { seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { createTestApp } from '../setup/http-app.ts'
import { seedCategory, seedResource } from '../setup/seed.ts'

// HubSpot's own client, told nothing but another base path.

const { db, url } = await createDatabase()
const { addressee } = createTestApp(db)
const http = await startEdge(url)

const accessToken = (await addressee.apiKeys.create({ name: 'crm', scopes: ['subscriptions:write'] })).key
const clientWith = (accessToken: string) =>
  new Client({ accessToken, basePath: http.url, numberOfApiCallRetries: 0 }).communicationPreferences
const { definitionApi, statusApi } = clientWith(accessToken)

const resourceId = await seedResource(db, 'acme')
const news = (await seedCategory(db, resourceId)).id
const offers = (await seedCategory(db, resourceId)).id
await db
  .updateTable('category')
  .set({ title: 'News', description: 'What is new', purpose: 'Marketing', is_default: true })
  .where('id', '=', news)
  .execute()
await db.updateTable('category').set({ archived_at: new Date(), is_internal: true }).where('id', '=', offers).execute()

interface ErrorBody {
  status: string
  message: string
  correlationId: string
  category: string
  errors?: unknown
}

/** What the client throws, in the shape of its own exception. */
async function refusal(call: Promise<unknown>): Promise<[code: number, category: string, message: string]> {
  const error: unknown = await call.then(
    () => null,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ApiException)
  const { code, body } = error as ApiException<ErrorBody>
  expect(body).toMatchObject({
    status: 'error',
    correlationId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-/),
  })
  return [code, body.category, body.message]
}

const wanted = (emailAddress: string, subscriptionId: string, legalBasis = 'CONSENT_WITH_NOTICE') =>
  ({ emailAddress, subscriptionId, legalBasis, legalBasisExplanation: 'Sign-up form' }) as unknown as Parameters<
    typeof statusApi.subscribe
  >[0]

test('definitions are the categories', async () => {
  const { subscriptionDefinitions } = await definitionApi.getPage()
  expect(subscriptionDefinitions).toHaveLength(2)
  expect(subscriptionDefinitions[0]).toMatchObject({
    id: news,
    name: 'News',
    description: 'What is new',
    purpose: 'Marketing',
    communicationMethod: 'Email',
    isActive: true,
    isDefault: true,
    isInternal: false,
    businessUnitId: Number(resourceId),
    createdAt: expect.any(Date),
    updatedAt: expect.any(Date),
  })
  expect(subscriptionDefinitions[1]).toMatchObject({ id: offers, description: '', isActive: false, isInternal: true })
})

test('subscribe, status, unsubscribe, and no way back', async () => {
  const contactId = await seedReachable(db, 'jdoe@example.com')
  const subscribed = {
    id: news,
    name: 'News',
    status: 'SUBSCRIBED',
    sourceOfStatus: 'SUBSCRIPTION_STATUS',
    brandId: Number(resourceId),
    legalBasis: 'CONSENT_WITH_NOTICE',
    legalBasisExplanation: 'Sign-up form',
  }
  expect(await statusApi.subscribe(wanted('JDoe@Example.com', news))).toMatchObject(subscribed)
  const status = await statusApi.getEmailStatus('jdoe@example.com')
  expect(status.recipient).toBe('jdoe@example.com')
  expect(status.subscriptionStatuses).toMatchObject([subscribed, { id: offers, status: 'NOT_SUBSCRIBED' }])
  expect(status.subscriptionStatuses[1]?.legalBasis).toBeUndefined()
  expect(await refusal(statusApi.subscribe(wanted('jdoe@example.com', news)))).toEqual([
    400,
    'VALIDATION_ERROR',
    `jdoe@example.com is already subscribed to subscription ${news}`,
  ])

  const update = { emailAddress: 'jdoe@example.com', subscriptionId: news }
  const unsubscribed = await statusApi.unsubscribe(update)
  expect(unsubscribed).toMatchObject({ id: news, status: 'NOT_SUBSCRIBED', sourceOfStatus: 'SUBSCRIPTION_STATUS' })
  expect(await refusal(statusApi.unsubscribe(update))).toEqual([
    400,
    'VALIDATION_ERROR',
    `jdoe@example.com is already unsubscribed from subscription ${news}`,
  ])
  expect(await refusal(statusApi.subscribe(wanted('jdoe@example.com', news)))).toEqual([
    400,
    'VALIDATION_ERROR',
    `Subscription ${news} for jdoe@example.com cannot be updated because they have unsubscribed`,
  ])
  const events = await db
    .selectFrom('consent_event')
    .select(['action', 'through', 'actor', 'legal_basis', 'explanation'])
    .where('contact_id', '=', contactId)
    .orderBy('id')
    .execute()
  const grounds = { legal_basis: 'CONSENT_WITH_NOTICE', explanation: 'Sign-up form' }
  expect(events).toEqual([
    { action: 'subscribed', through: 'api', actor: 'crm', ...grounds },
    { action: 'unsubscribed', through: 'api', actor: 'crm', legal_basis: null, explanation: null },
  ])
})

test('an opt-out from a brand, and one from everything, decide the status and refuse', async () => {
  const resource = await addressee.contacts.save({ email: 'brand@example.com' })
  await addressee.subscriptions.subscribe({ contactId: resource.id }, news)
  await addressee.optOuts.create({ contactId: resource.id }, { resource: 'acme' })
  const everything = await addressee.contacts.save({ email: 'portal@example.com' })
  await addressee.optOuts.create({ contactId: everything.id })
  const sourceOf = async (email: string) =>
    (await statusApi.getEmailStatus(email)).subscriptionStatuses.map(({ status, sourceOfStatus }) => [
      status,
      sourceOfStatus,
    ])
  expect(await sourceOf('brand@example.com')).toContainEqual(['NOT_SUBSCRIBED', 'BRAND_WIDE_STATUS'])
  expect(await sourceOf('portal@example.com')).toContainEqual(['NOT_SUBSCRIBED', 'PORTAL_WIDE_STATUS'])
  for (const email of ['brand@example.com', 'portal@example.com'])
    expect((await refusal(statusApi.subscribe(wanted(email, news))))[2]).toContain('cannot be updated')
})

test('a confirmation that is waited for is not subscribed', async () => {
  const { id } = await addressee.contacts.save({ email: 'pending@example.com' })
  await db
    .insertInto('subscription')
    .values({ contact_id: id, category_id: news, status: 'pending', source: 'test' })
    .execute()
  const { subscriptionStatuses } = await statusApi.getEmailStatus('pending@example.com')
  expect(subscriptionStatuses.map(({ status }) => status)).toEqual(['NOT_SUBSCRIBED', 'NOT_SUBSCRIBED'])
  expect(await statusApi.subscribe(wanted('pending@example.com', news))).toMatchObject({ status: 'NOT_SUBSCRIBED' })
})

test('an unknown address is subscribed to nothing; subscribing creates the contact, and inherits refusals', async () => {
  const { subscriptionStatuses } = await statusApi.getEmailStatus('nobody+x@example.com')
  expect(subscriptionStatuses.map(({ status }) => status)).toEqual(['NOT_SUBSCRIBED', 'NOT_SUBSCRIBED'])
  expect(await addressee.contacts.search('nobody+x@example.com')).toEqual([])
  expect(await statusApi.subscribe(wanted('nobody+x@example.com', news))).toMatchObject({ status: 'SUBSCRIBED' })
  expect(await addressee.contacts.search('nobody+x@example.com')).toHaveLength(1)

  const { id } = await addressee.contacts.save({ email: 'refused@example.com' })
  await addressee.subscriptions.unsubscribe({ contactId: id }, news)
  await db.deleteFrom('contact').where('id', '=', id).execute()
  expect((await refusal(statusApi.subscribe(wanted('refused@example.com', news))))[2]).toContain('cannot be updated')
})

test('unknown id, bad legal basis, bad address, missing fields', async () => {
  expect(await refusal(statusApi.subscribe(wanted('a@example.com', '999999')))).toEqual([
    404,
    'OBJECT_NOT_FOUND',
    'Subscription with ID 999999 does not exist',
  ])
  const [code, category, message] = await refusal(statusApi.subscribe(wanted('a@example.com', news, 'BECAUSE')))
  expect([code, category]).toEqual([400, 'VALIDATION_ERROR'])
  expect(message).toMatch(/^Invalid input JSON.*"BECAUSE": not one of the values accepted.*CONSENT_WITH_NOTICE/)
  expect(await refusal(statusApi.subscribe(wanted('no address', news)))).toEqual([
    400,
    'VALIDATION_ERROR',
    'Email address no address is invalid',
  ])
  expect((await refusal(statusApi.getEmailStatus('no address')))[0]).toBe(400)
  const nothing = {} as Parameters<typeof statusApi.subscribe>[0]
  expect((await refusal(statusApi.unsubscribe(nothing)))[2]).toContain(
    'Cannot build PublicUpdateSubscriptionStatusRequest, some of required attributes are not set [emailAddress, subscriptionId]',
  )
  expect(await addressee.contacts.search('a@example.com')).toEqual([])
})

test('without a valid key, known and unknown addresses get one answer; a key without the scope is told so', async () => {
  const stranger = clientWith(`adr_${'x'.repeat(43)}`)
  const known = await refusal(stranger.statusApi.getEmailStatus('jdoe@example.com'))
  expect(known.slice(0, 2)).toEqual([401, 'INVALID_AUTHENTICATION'])
  expect(await refusal(stranger.statusApi.getEmailStatus('nobody-at-all@example.com'))).toEqual(known)
  expect(await refusal(stranger.statusApi.getEmailStatus('no address'))).toEqual(known)

  const reader = clientWith((await addressee.apiKeys.create({ name: 'reader', scopes: ['read'] })).key)
  expect((await reader.definitionApi.getPage()).subscriptionDefinitions).toHaveLength(2)
  const [code, category] = await refusal(reader.statusApi.subscribe(wanted('jdoe@example.com', news)))
  expect([code, category]).toEqual([403, 'MISSING_SCOPES'])
})

test('a key of another access group sees none of it', async () => {
  const group = { name: 'agency', scopes: ['subscriptions:write' as const], accessGroup: 'agency' }
  const agency = clientWith((await addressee.apiKeys.create(group)).key)
  expect((await agency.definitionApi.getPage()).subscriptionDefinitions).toEqual([])
  expect((await agency.statusApi.getEmailStatus('jdoe@example.com')).subscriptionStatuses).toEqual([])
  expect((await refusal(agency.statusApi.subscribe(wanted('jdoe@example.com', news))))[0]).toBe(404)
})

test('what is no JSON, no JSON type, no route and no method is answered in the same shape', async () => {
  const post = (body: string, type = 'application/json') =>
    fetch(`${http.url}/communication-preferences/v3/subscribe`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': type },
      body,
    })
  const answers = [
    await post('{"emailAddress": '),
    await post(''),
    await post('{"emailAddress":"a@example.com","emailAddress":"b@example.com"}'),
    await post('a=b', 'application/x-www-form-urlencoded'),
    await fetch(`${http.url}/communication-preferences/v3/nothing`),
    await fetch(`${http.url}/communication-preferences/v3/subscribe`),
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 415, 404, 405])
  for (const answer of answers)
    expect(await answer.json()).toMatchObject({
      status: 'error',
      message: expect.any(String),
      category: expect.any(String),
    })
})
