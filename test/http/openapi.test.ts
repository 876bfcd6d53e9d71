import { expect, test } from 'vitest'
import { z } from 'zod'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { apiRoutes } from '../../http/api/routes.ts'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, seedDelayed } from '../setup/delayed.ts'
import { seedCategory, seedResource } from '../setup/seed.ts'
import { seedSent } from '../setup/unsubscribe-seed.ts'

interface Operation {
  operationId: string
  parameters: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { content?: Record<string, { schema: object }> }>
  'x-scope': string
}

const { db } = await createDatabase()
const { ask, addressee } = await createTestApi(db)
const { body } = await ask('GET', '/v1/openapi.json', { key: null })
const document = body as unknown as {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

/** Every object of the document that has the field. */
function* holding(field: string, value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (field in value) yield value as Record<string, unknown>
  for (const inner of Object.values(value)) yield* holding(field, inner)
}

test('it is OpenAPI 3.1 and has every route, once', () => {
  expect(document.openapi).toBe('3.1.0')
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(described.toSorted()).toEqual(apiRoutes.map(({ method, path }) => `${method} ${path}`).toSorted())
  const ids = operations.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/)
})

test('every reference leads to a component, and none is left over', () => {
  const refs = [...holding('$ref', document)].map((each) => String(each['$ref']))
  expect(refs.length).toBeGreaterThan(20)
  const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
  expect([...new Set(refs)].toSorted()).toEqual(named.toSorted())
  expect([...holding('$defs', document)]).toEqual([])
})

test('what stands in a path is a parameter that is required; every operation has an answer and an error', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods)) {
      const inPath = operation.parameters.filter((each) => each.in === 'path')
      expect(inPath.map(({ name, required }) => [name, required])).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, true]),
      )
      expect(Object.keys(operation.responses)).toHaveLength(2)
      expect(operation.responses['default']?.content).toHaveProperty(['application/problem+json'])
    }
})

test('a body says which fields it must have, and that it takes no others', () => {
  const schema = document.paths['/v1/contacts']?.['post']?.requestBody?.content['application/json']?.schema
  expect(schema).toMatchObject({ type: 'object', required: ['email'], additionalProperties: false })
  const campaign = document.paths['/v1/campaigns']?.['post']?.requestBody?.content['application/json']?.schema
  expect(campaign).toMatchObject({
    required: ['key', 'resource', 'content'],
    properties: { sendAt: { format: 'date-time' } },
  })
})

/** A schema of the document as something that checks values. */
function validator(schema: object): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: document.components.schemas })
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')))
}

test('what the running API answers fits what the document says', async () => {
  const resourceId = await seedResource(db, 'acme')
  const { key: category } = await seedCategory(db, resourceId)
  const { contactId: reached, campaignId, resourceId: sentFrom } = await seedSent(db)
  const contactId = await seedReachable(db, 'ada@example.com')
  const reachedFrom = await db.selectFrom('resource').select('key').where('id', '=', sentFrom).executeTakeFirstOrThrow()
  const { id: webhook } = await addressee.webhooks.create({ url: 'https://shop.example.com/hook' })
  await addressee.subscriptions.subscribe({ contactId }, category)
  const delayed = await seedDelayed(db)
  const claims = { contactId: delayed.contactId, campaignId: delayed.campaignId, scope: 'unsubscribe' as const }
  const unsubscribe = [...(await startUnsubscribe(db, claims, clicked)).started][0] ?? ''
  const perWeek = [{ messages: 3, days: 7 }]
  const size = { name: 'Size', type: 'integer' }
  const content = { en: { subject: 'Hi', text: '{{ unsubscribe_url }}' } }
  const definition = { key: 'spring', resource: 'acme', categories: [category], content, now: true }
  const asked: [method: string, path: string, values?: Record<string, string>, body?: object][] = [
    ['get', '/v1/resources'],
    ['get', '/v1/resources/{resource}', { resource: 'acme' }],
    ['get', '/v1/categories'],
    ['get', '/v1/categories/{category}', { category }],
    ['post', '/v1/categories', {}, { resource: 'acme', title: 'Угоди' }],
    ['patch', '/v1/resources/{resource}', { resource: 'acme' }, { name: 'Acme', frequencyPolicy: perWeek }],
    ['post', '/v1/resources/{resource}/clone', { resource: 'acme' }, { key: 'copy' }],
    ['post', '/v1/resources/{resource}/token/rotate', { resource: 'copy' }, {}],
    ['get', '/v1/resources/{resource}/subscribers', { resource: reachedFrom.key }],
    ['put', '/v1/resources/{resource}/fields/{field}', { resource: 'acme', field: 'size' }, size],
    ['get', '/v1/resources/{resource}/fields', { resource: 'acme' }],
    ['patch', '/v1/subscription-fields', {}, { contactId, resource: 'acme', fields: { size: 38 } }],
    ['patch', '/v1/categories/{category}', { category }, { frequencyPolicy: perWeek }],
    ['post', '/v1/categories/{category}/archive', { category }, {}],
    ['post', '/v1/categories/{category}/unarchive', { category }, {}],
    ['post', '/v1/categories/{category}/exclude', { category }, { contactId }],
    ['post', '/v1/categories/{category}/empty', { category }, {}],
    ['post', '/v1/webhooks', {}, { url: 'https://shop.example.com/hook' }],
    ['get', '/v1/webhooks'],
    ['get', '/v1/webhooks/{webhook}', { webhook }],
    ['patch', '/v1/webhooks/{webhook}', { webhook }, { description: 'the shop' }],
    ['post', '/v1/webhooks/{webhook}/disable', { webhook }, {}],
    ['post', '/v1/webhooks/{webhook}/enable', { webhook }, {}],
    ['post', '/v1/webhooks/{webhook}/rotate-secret', { webhook }, {}],
    ['post', '/v1/webhooks/{webhook}/replay', { webhook }, { since: '2020-01-01T00:00:00Z' }],
    ['get', '/v1/webhooks/{webhook}/deliveries', { webhook }],
    ['get', '/v1/unsubscribes'],
    ['post', '/v1/unsubscribes/{unsubscribe}/cancel', { unsubscribe }, {}],
    ['post', '/v1/contacts', {}, { email: 'grace@example.com' }],
    ['post', '/v1/contacts/search', {}, { email: 'ada@example.com' }],
    ['get', '/v1/contacts/{contactId}', { contactId }],
    ['get', '/v1/contacts/{contactId}/messages', { contactId: reached }],
    ['put', '/v1/subscriptions', {}, { contactId, category }],
    ['get', '/v1/subscriptions', { '?contactId': contactId }],
    ['delete', '/v1/subscriptions', { '?contactId': contactId, '?category': category }],
    ['post', '/v1/opt-outs', {}, { contactId, resource: 'acme' }],
    ['get', '/v1/opt-outs'],
    ['post', '/v1/suppressions', {}, { email: 'x@example.com' }],
    ['get', '/v1/suppressions'],
    ['get', '/v1/consent', { '?contactId': contactId }],
    ['get', '/v1/campaigns'],
    ['get', '/v1/campaigns/{campaign}', { campaign: campaignId }],
    ['get', '/v1/campaigns/{campaign}/preview', { campaign: campaignId }],
    ['get', '/v1/campaigns/{campaign}/recipients', { campaign: campaignId }],
    ['post', '/v1/campaigns/{campaign}/explain', { campaign: campaignId }, { contactId: reached }],
    ['post', '/v1/campaigns/preview', {}, definition],
  ]
  for (const [method, path, values = {}, body] of asked) {
    const query = Object.entries(values).filter(([name]) => name.startsWith('?'))
    const search = new URLSearchParams(query.map(([name, value]) => [name.slice(1), value] as [string, string]))
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
    const answer = await ask(method.toUpperCase(), `${filled}?${search.toString()}`, body === undefined ? {} : { body })
    expect([answer.status, answer.body], `${method} ${path}`).toEqual([200, expect.anything()])
    if ('items' in answer.body) expect(answer.body.items.length, `${method} ${path}`).toBeGreaterThan(0)
    const schema = document.paths[path]?.[method]?.responses['200']?.content?.['application/json']?.schema
    if (schema === undefined) throw new Error(`${method} ${path} is not described`)
    expect(validator(schema).safeParse(answer.body).error, `${method} ${path}`).toBeUndefined()
  }
})

test('a problem fits its schema', async () => {
  const { body } = await ask('POST', '/v1/contacts', { body: { emial: 'x' } })
  expect(validator({ $ref: '#/components/schemas/Problem' }).safeParse(body).error).toBeUndefined()
})

test('a patch takes every field of what it changes, none of them necessary', () => {
  const schemaOf = (method: string, path: string) =>
    document.paths[path]?.[method]?.requestBody?.content['application/json']?.schema as {
      properties: Record<string, object>
      required?: string[]
    }
  for (const [whole, one] of [
    ['/v1/resources', '/v1/resources/{resource}'],
    ['/v1/categories', '/v1/categories/{category}'],
  ] as const) {
    const [created, patched] = [schemaOf('post', whole), schemaOf('patch', one)]
    const { key: _key, resource: _resource, ...changeable } = created.properties
    expect(patched.properties).toEqual(changeable)
    expect(patched.required).toBeUndefined()
    expect(created.required?.length).toBeGreaterThan(0)
  }
})
