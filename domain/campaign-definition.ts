import { z } from 'zod'
import { keyPattern } from './category-key.ts'
import { Refusal } from './refusal.ts'
import { compileTemplate, type Escaping, subscriptionFields } from './template.ts'

const key = z
  .string()
  .max(100, 'must have at most 100 characters')
  .regex(keyPattern, 'must be lower-case letters, digits and single hyphens')
const keys = z.array(key).default([])
const language = z.string().regex(/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i, 'must be a language tag such as en or pt-BR')

const content = z.strictObject({
  subject: z.string().min(1, 'must not be empty').max(1000, 'must have at most 1000 characters'),
  html: z.string().min(1, 'must not be empty; leave it out for a plain-text message').nullable().default(null),
  text: z.string().min(1, 'must not be empty: some people read only the text'),
})

const definition = z.strictObject({
  /** Names the campaign once and for all: a second `schedule` with it finds the first. */
  key,
  title: z.string().min(1).max(200).optional(),
  resource: key,
  /** Only those subscribed to any of these (`match: 'all'`: to each) are in the audience. */
  categories: keys,
  match: z.enum(['any', 'all']).default('any'),
  /** Keys of segments: a static one's, or a category's for its protected segment. */
  segments: keys,
  excludeSegments: keys,
  doNotSendTo: keys,
  respectUnsubscribesOf: keys,
  content: z
    .record(language, content)
    .refine((each) => Object.keys(each).length > 0, 'must hold one language at least'),
  defaultLanguage: language.optional(),
  sendAt: z
    .union([z.date(), z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with an offset' })])
    .optional(),
  /** Instead of `sendAt`: at once. */
  now: z.boolean().default(false),
  onUncertain: z.enum(['hold', 'resend']).default('hold'),
  /** How long a recipient deferred by the server waits before each further try; one entry for each. */
  retryDelaysSeconds: z.array(z.int().min(1).max(86_400)).max(20).default([60, 300, 900, 3600]),
})

/** The same for whoever writes JSON, where a time is a text. */
export const campaignJson = definition.extend({
  sendAt: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with an offset' }).optional(),
})

/** What people hand to `campaigns.schedule`. */
export type CampaignDefinition = z.input<typeof definition>

/** The same with every default filled in. */
export type CheckedDefinition = Omit<z.output<typeof definition>, 'sendAt' | 'title' | 'defaultLanguage'> & {
  title: string
  defaultLanguage: string
  sendAt: Date
}

/**
 * Checks everything that can be checked without the database, templates included.
 * @throws {Refusal} naming the field, the rule and the remedy.
 */
export function checkDefinition(input: CampaignDefinition): CheckedDefinition {
  const parsed = definition.safeParse(input)
  if (!parsed.success) throw refusalOf(parsed.error)
  const checked = parsed.data
  refuseWithoutAudience(checked)
  checkTemplates(checked.content)
  return {
    ...checked,
    title: checked.title ?? checked.key,
    defaultLanguage: defaultLanguageOf(checked),
    sendAt: sendAtOf(checked),
  }
}

/** Refused for a new campaign only: a repeated `schedule` finds its campaign long after the hour. */
export function refusePastHour({ sendAt, now }: CheckedDefinition, at: Date): void {
  if (now || sendAt > at) return
  throw new Refusal({
    field: 'sendAt',
    rule: `lies in the past (${sendAt.toISOString()})`,
    remedy: 'Give a later time, or send at once with now: true (--now).',
  })
}

/** What the author should know, though nothing is wrong. */
export function warningsOf({ content, categories }: CheckedDefinition): string[] {
  const bodies = Object.entries(content).flatMap(([tag, each]) => [
    [`content.${tag}.text`, each.text],
    ...(each.html === null ? [] : [[`content.${tag}.html`, each.html]]),
  ])
  const without = bodies.filter(([, body]) => !body?.includes('unsubscribe_url')).map(([field]) => field)
  const scope = categories.length === 0 ? ['The message has no category: it goes to everyone of the segments.'] : []
  const link = without.map(
    (field) => `${field} has no {{ unsubscribe_url }}: only the mail client's button unsubscribes.`,
  )
  return [...scope, ...link]
}

function refusalOf(error: z.ZodError): Refusal {
  const [issue] = error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  return new Refusal({
    field: [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.'),
    rule: unknown === undefined ? lowerFirst(issue?.message ?? 'is wrong') : 'is not a field of a campaign',
    remedy: unknown === undefined ? 'Correct the value.' : 'Remove it, or correct its name.',
  })
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

function refuseWithoutAudience(checked: z.output<typeof definition>): void {
  if (checked.categories.length > 0 || checked.segments.length > 0) return
  throw new Refusal({
    field: 'categories',
    rule: 'a campaign needs a category or a segment: with neither it would go to everybody',
    remedy: 'Name at least one of categories or segments.',
  })
}

function checkTemplates(content: CheckedDefinition['content']): void {
  for (const { source, field, escaping } of templatesOf(content)) compileTemplate(source, field, escaping)
}

/** The custom fields of subscriptions that the templates name: whether there are such, the database knows. */
export const subscriptionFieldsIn = (content: CheckedDefinition['content']): { field: string; name: string }[] =>
  templatesOf(content).flatMap(({ source, field }) => subscriptionFields(source).map((name) => ({ field, name })))

interface Source {
  source: string
  field: string
  escaping: Escaping
}

const templatesOf = (content: CheckedDefinition['content']): Source[] =>
  Object.entries(content).flatMap(([tag, { subject, html, text }]): Source[] => [
    { source: subject, field: `content.${tag}.subject`, escaping: 'none' },
    { source: text, field: `content.${tag}.text`, escaping: 'none' },
    ...(html === null ? [] : [{ source: html, field: `content.${tag}.html`, escaping: 'html' as const }]),
  ])

function defaultLanguageOf({ content, defaultLanguage }: z.output<typeof definition>): string {
  const languages = Object.keys(content)
  const chosen = defaultLanguage ?? (languages.length === 1 ? languages[0] : undefined)
  if (chosen !== undefined && languages.includes(chosen)) return chosen
  throw new Refusal({
    field: 'defaultLanguage',
    rule: chosen === undefined ? 'is needed when there are several languages' : `has no content (${chosen})`,
    remedy: `Name one of ${languages.join(', ')}: contacts of other languages get it.`,
  })
}

function sendAtOf({ sendAt, now }: z.output<typeof definition>): Date {
  if (now !== (sendAt !== undefined)) return sendAt === undefined ? new Date() : new Date(sendAt)
  throw new Refusal({
    field: 'sendAt',
    rule: now ? 'cannot be given together with now' : 'is missing',
    remedy: 'Give either sendAt (a time in the future) or now: true (--now).',
  })
}
