import { z } from 'zod'
import { problem } from './problem-answer.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

/** What is said of every route is said by its own line of the table, and of every schema by the schema that validates. */
export function openApiDocument(routes: readonly Route[]): Json {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) }
  }
  hoisted(problem, 'output', schemas)
  return {
    openapi: '3.1.0',
    info: { title: 'Addressee', version: '1', description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: { schemas, securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
  }
}

const description =
  'Subscriptions, consent and campaigns. Errors are problem+json (RFC 9457). Lists come in pages: pass `next` as `cursor`. ' +
  'A POST with an Idempotency-Key is carried out once in 24 hours.'

function operationOf(route: Route, schemas: Json): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.path.split('/')[2]],
    'x-scope': route.scope,
    security: route.scope === 'public' ? [] : [{ apiKey: [] }],
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query'), ...headersOf(route)],
    ...(route.body && { requestBody: { required: true, content: json(hoisted(route.body, 'input', schemas)) } }),
    responses: {
      ...(route.answer === null
        ? { 204: { description: 'Done.' } }
        : { 200: { description: 'Done.', content: json(hoisted(route.answer, 'output', schemas)) } }),
      default: {
        description: 'Refused, or not possible.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

const json = (schema: Json): Json => ({ 'application/json': { schema } })

/** `POST /v1/campaigns/:campaign/send-now` becomes `postCampaignsCampaignSendNow`. */
const operationId = ({ method, path }: Route): string =>
  method.toLowerCase() +
  path
    .split(/[^a-zA-Z]+/)
    .filter((word) => word !== '' && word !== 'v')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = jsonSchema(schema, 'input')
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema,
  }))
}

const headersOf = ({ method, scope }: Route): Json[] =>
  method === 'POST' && scope !== 'read'
    ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } }]
    : []

/** The schema, with those that have a name of their own put among the components. */
function hoisted(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $defs = {}, ...bare } = jsonSchema(schema, io)
  for (const [name, { id: _id, ...defined }] of Object.entries($defs)) schemas[name] = defined
  return bare
}

/** Without the dialect, which the document names for all, and with names as they are among the components. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): z.core.JSONSchema.BaseSchema {
  const made = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
  const read: z.core.JSONSchema.BaseSchema = JSON.parse(made.replaceAll('"#/$defs/', '"#/components/schemas/'))
  delete read.$schema
  return read
}
