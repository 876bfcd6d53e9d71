import { z } from 'zod'
import { emailKey } from '../../client/contact-ref.ts'
import { consentOf, consentsOf } from '../../db/consents.ts'
import { findContact } from '../../db/find-contact.ts'
import { onlyAddress, saveContact } from '../../db/save-contact.ts'
import { requireOpen } from '../../db/subscribable.ts'
import { type SubscriptionType, subscriptionTypes } from '../../db/subscription-types.ts'
import { parseEmail } from '../../domain/email-address.ts'
import { ApiError } from '../api/api-error.ts'
import { type Call, route } from '../api/route.ts'
import { definition, definitionOf, status, statusOf, update } from './shapes.ts'
import { checkAddress, readUpdate, type UpdateRequest } from './update-request.ts'

const channel = 'email'
const base = '/communication-preferences/v3'

type UpdateCall = Call<undefined, undefined, z.output<typeof update>>

/** HubSpot's subscription preferences API, version 3: categories are its subscription types, resources its brands. */
export const hubSpotRoutes = [
  route({
    method: 'GET',
    path: `${base}/definitions`,
    scope: 'read',
    summary: 'Subscription types',
    answer: z.object({ subscriptionDefinitions: z.array(definition) }),
    handle: async ({ deps, group }) => ({
      subscriptionDefinitions: (await subscriptionTypes(deps.db, group)).map(definitionOf),
    }),
  }),
  route({
    method: 'GET',
    path: `${base}/status/email/:emailAddress`,
    scope: 'read',
    summary: 'The subscription statuses of a contact',
    params: z.object({ emailAddress: z.string() }),
    answer: z.object({ recipient: z.string(), subscriptionStatuses: z.array(status) }),
    handle: async ({ deps: { db }, group, params }) => {
      const recipient = checkAddress(params.emailAddress)
      const contactId = await findContact(db, { addressKey: await emailKey(db, recipient) })
      const said = contactId === undefined ? [] : await consentsOf(db, contactId, channel)
      const consents = new Map(said.map((each) => [each.categoryId, each]))
      const types = await subscriptionTypes(db, group)
      return { recipient, subscriptionStatuses: types.map((type) => statusOf(type, consents.get(type.id))) }
    },
  }),
  route({
    method: 'POST',
    path: `${base}/subscribe`,
    scope: 'subscriptions:write',
    summary: 'Subscribe a contact, who is created when there is none',
    body: update,
    answer: status,
    handle: async (call) => {
      const { request, type } = await readCall(call)
      const { emailAddress: email, subscriptionId } = request
      const contactId = await contactOf(call, email, (source) => requireOpen(call.deps.db, type.id, source))
      const outcome = await call.deps.addressee.subscriptions.subscribe({ contactId }, type.id, groundOf(call, request))
      if (outcome === 'already') throw invalid(`${email} is already subscribed to subscription ${subscriptionId}`)
      if (outcome === 'refused')
        throw invalid(`Subscription ${subscriptionId} for ${email} cannot be updated because they have unsubscribed`)
      return statusOf(type, await consentOf(call.deps.db, contactId, type.id, channel))
    },
  }),
  route({
    method: 'POST',
    path: `${base}/unsubscribe`,
    scope: 'subscriptions:write',
    summary: 'Unsubscribe a contact, who is created when there is none',
    body: update,
    answer: status,
    handle: async (call) => {
      const { request, type } = await readCall(call)
      const { emailAddress: email, subscriptionId } = request
      const contactId = await contactOf(call, email)
      const { subscriptions } = call.deps.addressee
      const changed = await subscriptions.unsubscribe({ contactId }, type.id, groundOf(call, request))
      if (!changed) throw invalid(`${email} is already unsubscribed from subscription ${subscriptionId}`)
      return statusOf(type, await consentOf(call.deps.db, contactId, type.id, channel))
    },
  }),
]

const invalid = (message: string): ApiError => new ApiError('invalid', message)

async function readCall({
  deps,
  group,
  body,
}: UpdateCall): Promise<{ request: UpdateRequest; type: SubscriptionType }> {
  const request = readUpdate(body)
  const id = /^\d{1,18}$/.test(request.subscriptionId) ? request.subscriptionId : '0'
  const [type] = await subscriptionTypes(deps.db, group, id)
  if (type !== undefined) return { request, type }
  throw new ApiError('not_found', `Subscription with ID ${request.subscriptionId} does not exist`)
}

/**
 * The earliest holder of the address; nobody has it: a new contact, who takes over what was refused through it.
 * @param before looks whether somebody new of the source may be, before they are.
 */
async function contactOf(
  { deps: { db } }: UpdateCall,
  email: string,
  before: (source: string) => Promise<void> = async () => {},
): Promise<string> {
  const parsed = parseEmail(email)
  if (!parsed.ok) throw invalid(parsed.rule)
  const addressKey = await emailKey(db, email)
  const found = await findContact(db, { addressKey })
  if (found !== undefined) return found
  await before('api')
  return (await saveContact(db, onlyAddress({ value: parsed.value, key: addressKey }), 'api')).id
}

const groundOf = ({ by }: UpdateCall, { legalBasis, legalBasisExplanation: explanation }: UpdateRequest) => ({
  by,
  legalBasis,
  explanation,
})
