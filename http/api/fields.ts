import { z } from 'zod'
import { customFieldTypes, fieldSchema } from '../../domain/custom-field.ts'
import { channelName } from '../../domain/resource-channels.ts'
import { ApiError } from './api-error.ts'
import { route } from './route.ts'
import { contactFields, id, instant, name, withInstants } from './shapes.ts'

const value = z.union([z.string(), z.number(), z.boolean()])

const field = z
  .object({
    id,
    channel: z.string(),
    key: z.string(),
    name: z.string(),
    type: z.enum(customFieldTypes),
    defaultValue: value.nullable(),
    isRequired: z.boolean(),
    isListed: z.boolean().describe('Shown on the preference page.'),
    createdAt: instant,
  })
  .meta({ id: 'CustomField' })

const ofResource = z.strictObject({ resource: name })
const ofField = z.strictObject({ resource: name, field: z.string().min(1).max(60) })
const on = z.strictObject({ channel: channelName.default('email') })

/** What subscriptions to a resource carry besides their state. */
export const fieldRoutes = [
  route({
    method: 'GET',
    path: '/v1/resources/:resource/fields',
    scope: 'read',
    summary: 'Custom fields of a resource, in the order in which they were defined',
    params: ofResource,
    query: z.strictObject({ channel: channelName.optional().describe('Absent: of every channel.') }),
    answer: z.object({ items: z.array(field) }),
    handle: async ({ deps, params, query: { channel }, find }) => {
      const { key } = await find('resource', params.resource)
      const fields = await deps.addressee.fields.list(key, channel === undefined ? {} : { channel })
      return { items: fields.map(withInstants) }
    },
  }),
  route({
    method: 'PUT',
    path: '/v1/resources/:resource/fields/:field',
    scope: 'admin',
    summary: 'Define a custom field, or make the one that stands like this; key, channel and type are immutable',
    params: ofField,
    query: on,
    body: fieldSchema.omit({ key: true, channel: true }),
    answer: field,
    handle: async ({ deps: { addressee }, params, query: { channel }, body, find }) => {
      const { key } = await find('resource', params.resource)
      await addressee.fields.define(key, { ...body, channel, key: params.field })
      const { type: _immutable, ...rest } = body
      return withInstants(await addressee.fields.update(key, params.field, rest, { channel }))
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/resources/:resource/fields/:field',
    scope: 'admin',
    summary: 'Remove a custom field with all of its values',
    params: ofField,
    query: on,
    answer: null,
    handle: async ({ deps: { addressee }, params, query: { channel }, find }) => {
      const { key } = await find('resource', params.resource)
      const fields = await addressee.fields.list(key, { channel })
      if (!fields.some((each) => each.key === params.field))
        throw new ApiError('not_found', `There is no field ${params.field} on the channel ${channel}.`)
      await addressee.fields.delete(key, params.field, { channel })
    },
  }),
  route({
    method: 'PATCH',
    path: '/v1/subscription-fields',
    scope: 'subscriptions:write',
    summary: 'Set custom fields of a subscription: what is absent stays or gets its default, null clears',
    body: z.strictObject({
      ...contactFields,
      resource: name,
      channel: channelName.default('email'),
      address: z
        .string()
        .min(1)
        .max(320)
        .optional()
        .describe('Of several: absent, the one that names the contact, else where it is reached first.'),
      fields: z.record(z.string().min(1).max(60), value.nullable()),
    }),
    answer: z.object({ fields: z.record(z.string(), value).describe('All values as they stand now.') }),
    handle: async ({ deps, body: { resource, channel, address, fields, ...contact }, find }) => {
      const { key } = await find('resource', resource)
      const subscription = { resource: key, contact, channel, ...(address !== undefined && { address }) }
      return { fields: await deps.addressee.fields.set(subscription, fields) }
    },
  }),
]
