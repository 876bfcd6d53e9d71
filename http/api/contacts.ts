import { z } from 'zod'
import { findContactRef, requireContact } from '../../client/contact-ref.ts'
import { pageOfConsent } from '../../db/consent-page.ts'
import { fates } from '../../domain/fate.ts'
import { ApiError } from './api-error.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { type ApiDeps, route } from './route.ts'
import { contactFields, id, instant } from './shapes.ts'

const contact = z
  .object({
    id,
    externalId: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    language: z.string().nullable(),
    timeZone: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()),
    addresses: z.array(z.object({ channel: z.string(), value: z.string(), status: z.string() })),
    createdAt: instant,
    updatedAt: instant,
    deletedAt: instant.nullable(),
  })
  .meta({ id: 'Contact' })

const text = z.string().min(1).max(200)

const newContact = z.strictObject({
  email: z.string().min(1).max(320),
  externalId: text.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  language: z.string().min(1).max(35).optional().describe('A language tag (RFC 5646).'),
  timeZone: z.string().min(1).max(100).optional().describe('A name of the IANA time zone database.'),
  attributes: z.record(z.string().min(1).max(100), z.string().max(10_000)).optional(),
})

const message = z
  .object({
    campaign: z.string(),
    campaignId: id,
    resource: z.string(),
    seq: z.int(),
    address: z.string(),
    state: z.enum(fates),
    reason: z.string().nullable(),
    settledAt: instant.nullable(),
  })
  .meta({ id: 'MessageTo' })

const consentEvent = z
  .object({
    id,
    number: z.int().describe("Which of the contact's events it is."),
    at: instant,
    action: z.enum(['subscribed', 'unsubscribed', 'pending', 'opted_out', 'opted_in']),
    through: z.enum(['page', 'one_click', 'sdk', 'api', 'import', 'operator', 'timer']),
    actor: z.string().nullable(),
    channel: z.string().nullable(),
    category: z.string().nullable(),
    resource: z.string().nullable(),
    legalBasis: z.string().nullable(),
    explanation: z.string().nullable(),
    campaign: z.string().nullable(),
    wording: z.string().nullable(),
  })
  .meta({ id: 'ConsentEvent' })

const byIdParams = z.strictObject({ contactId: z.string().regex(/^\d{1,18}$/, 'must be digits') })

/** The people. They belong to no resource: every key sees them, and of what was sent to them and said by them its own part. */
export const contactRoutes = [
  route({
    method: 'POST',
    path: '/v1/contacts',
    scope: 'subscriptions:write',
    summary: 'Create a contact, or complete the one that has the external id, else the earliest that has the address',
    body: newContact,
    answer: z.object({ id, created: z.boolean() }),
    handle: ({ deps, body }) => deps.addressee.contacts.save(body),
  }),
  route({
    method: 'POST',
    path: '/v1/contacts/search',
    scope: 'read',
    summary: 'Everybody who has an e-mail address',
    body: z.strictObject({ email: z.string().min(1).max(320), ...pageQuery }),
    answer: pageOf(contact),
    handle: async ({ deps, body: { email, limit, cursor } }) => {
      const after = readCursor(cursor, 'contacts', idPosition)?.[0] ?? '0'
      const rows = await deps.addressee.contacts.search(email, { after, limit: limit + 1 })
      return toPage(rows, limit, 'contacts', (last) => [last.id])
    },
  }),
  route({
    method: 'GET',
    path: '/v1/contacts/by-external-id/:externalId',
    scope: 'read',
    summary: 'The contact that the application knows by this id',
    params: z.strictObject({ externalId: text }),
    answer: contact,
    handle: async ({ deps, params }) => deps.addressee.contacts.get({ contactId: await idOf(deps, params) }),
  }),
  route({
    method: 'GET',
    path: '/v1/contacts/:contactId',
    scope: 'read',
    summary: 'One contact',
    params: byIdParams,
    answer: contact,
    handle: async ({ deps, params }) => deps.addressee.contacts.get({ contactId: await idOf(deps, params) }),
  }),
  route({
    method: 'GET',
    path: '/v1/contacts/:contactId/messages',
    scope: 'read',
    summary: 'What campaigns did for a contact, the latest first',
    params: byIdParams,
    query: z.strictObject(pageQuery),
    answer: pageOf(message),
    handle: async ({ deps, group, params, query: { limit, cursor } }) => {
      const contactId = await idOf(deps, params)
      const [before] = readCursor(cursor, 'messages', idPosition) ?? []
      const page = { limit: limit + 1, group, ...(before !== undefined && { before }) }
      const rows = await deps.addressee.contacts.messages({ contactId }, page)
      return toPage(rows, limit, 'messages', (last) => [last.campaignId])
    },
  }),
  route({
    method: 'GET',
    path: '/v1/consent',
    scope: 'read',
    summary: 'What a contact agreed to, refused and withdrew, oldest first',
    query: z.strictObject({ ...pageQuery, ...contactFields }),
    answer: pageOf(consentEvent),
    handle: async ({ deps, group, query: { limit, cursor, ...contact } }) => {
      const after = readCursor(cursor, 'consent', idPosition)?.[0] ?? '0'
      const contactId = await requireContact(deps.db, contact)
      const rows = await pageOfConsent(deps.db, contactId, { after, limit: limit + 1, group })
      const items = rows.map((row) => ({ ...row, at: row.at.toISOString() }))
      return toPage(items, limit, 'consent', (last) => [String(last.number)])
    },
  }),
]

async function idOf({ db }: ApiDeps, name: { contactId: string } | { externalId: string }): Promise<string> {
  const found = await findContactRef(db, name)
  if (found !== undefined) return found
  throw new ApiError('not_found', 'There is no such contact.')
}
