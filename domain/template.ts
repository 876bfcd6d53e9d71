import { Liquid, type Template as LiquidTemplate } from 'liquidjs'
import { Refusal } from './refusal.ts'
import { partsOf, writerOf } from './template-parts.ts'
import { Rendering } from './template-rendering.ts'

/** What a template can name. Attributes are the contact's own, any of them. */
export interface TemplateScope {
  contact: {
    first_name: string | null
    last_name: string | null
    external_id: string | null
    email: string
    language: string | null
    time_zone: string | null
    attributes: Record<string, unknown>
  }
  resource: { name: string }
  campaign: { key: string }
  unsubscribe_url: string
  /** The custom fields of the contact's subscription; one without a value is absent. */
  subscription?: Readonly<Record<string, unknown>>
  /** Empty where no template of the message asks for it. */
  preferences_url?: string
}

export type Escaping = 'html' | 'none'

export interface Template {
  /** The text between the holes: one more than there are holes. */
  literals: readonly string[]
  /**
   * What one recipient has in the holes, in their order.
   * @throws when the limits are reached; a missing attribute renders as nothing.
   */
  fill: (scope: TemplateScope) => string[]
  /** Literals and holes in one. */
  render: (scope: TemplateScope) => string
}

const contactFields = ['first_name', 'last_name', 'external_id', 'email', 'language', 'time_zone', 'attributes']
/** Members by name; `fields`: what the resource has defined, which is looked up when a campaign is scheduled. */
const known: Record<string, readonly string[] | 'fields' | null> = {
  contact: contactFields,
  resource: ['name'],
  campaign: ['key'],
  unsubscribe_url: null,
  subscription: 'fields',
  preferences_url: null,
}

// A message takes well under a millisecond. A whole second, because a process that the machine held up for a
// moment must not fail the recipient it was at; it still stops a loop that would run for ever. 10 MB is a hundred
// times the largest newsletter that providers show in full.
const limits = { parseLimit: 1_000_000, renderLimit: 1_000, memoryLimit: 10_000_000 }

// A message is one text. Without these tags there is no way to a file, and no error that shows only when a
// branch is first taken, in the middle of a campaign.
const tagsOfFiles = ['include', 'render', 'layout', 'block']

function engine(escaping: Escaping): Liquid {
  const liquid = new Liquid({
    ...limits,
    ...(escaping === 'html' ? { outputEscape: 'escape' as const } : {}),
    ownPropertyOnly: true,
    strictFilters: true,
    templates: {},
  })
  for (const tag of tagsOfFiles) delete liquid.tags[tag]
  return liquid
}
const engines: Record<Escaping, Liquid> = { html: engine('html'), none: engine('none') }

/**
 * Parses a Liquid template and refuses what could go wrong later: syntax, an unknown variable or filter, an
 * include, a loop without end.
 * @param field where the template came from, for the error.
 * @param escaping `html` escapes every output unless it is marked `| raw`.
 */
export function compileTemplate(source: string, field: string, escaping: Escaping): Template {
  const liquid = engines[escaping]
  const parsed = refuseUnless(field, () => liquid.parse(source))
  refuseUnknownVariables(liquid, parsed, field)
  const parts = partsOf(liquid, parsed)
  const { literals, holes } = parts
  const write = writerOf(parts)
  const fill = (scope: TemplateScope): string[] => {
    const rendering = new Rendering(liquid, scope)
    return holes.map((hole) => hole(rendering))
  }
  const render = (scope: TemplateScope): string => write(new Rendering(liquid, scope))
  refuseUnless(field, () => render(exampleScope))
  return { literals, fill, render }
}

const exampleScope: TemplateScope = {
  contact: {
    first_name: 'Ada',
    last_name: 'Lovelace',
    external_id: '1',
    email: 'ada@example.com',
    language: 'en',
    time_zone: 'Europe/London',
    attributes: {},
  },
  resource: { name: 'Example' },
  campaign: { key: 'example' },
  unsubscribe_url: 'https://example.com/u/token',
  subscription: {},
  preferences_url: 'https://example.com/p/token',
}

/** Names of the custom fields that a template uses as `subscription.<name>`. It has been compiled before. */
export function subscriptionFields(source: string): string[] {
  const used = engines.none.globalVariableSegmentsSync(engines.none.parse(source))
  return used.flatMap(([name, member]) => (name === 'subscription' && member !== undefined ? [String(member)] : []))
}

function refuseUnless<T>(field: string, attempt: () => T): T {
  try {
    return attempt()
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)
    throw new Refusal({ field, rule: `the template does not work: ${why}`, remedy: 'Correct it at the place named.' })
  }
}

function refuseUnknownVariables(liquid: Liquid, parsed: LiquidTemplate[], field: string): void {
  for (const segments of liquid.globalVariableSegmentsSync(parsed)) {
    const [name, member] = segments.map(String)
    if (isKnown(name, member)) continue
    throw new Refusal({
      field,
      rule: `the template uses the unknown variable ${member === undefined ? name : `${name}.${member}`}`,
      remedy: `Known are ${knownNames}; a contact's own fields are contact.attributes.<name>, a subscription's subscription.<name>.`,
    })
  }
}

/** `contact` alone is unknown too: it would print as "[object Object]". */
function isKnown(name = '', member: string | undefined): boolean {
  const members = Object.hasOwn(known, name) ? known[name] : undefined
  if (members === undefined) return false
  if (members === null) return true
  if (member === undefined) return false
  return members === 'fields' ? /^[A-Za-z]\w*$/.test(member) : members.includes(member)
}

const knownNames = Object.entries(known)
  .flatMap(([name, members]) => {
    if (members === null) return [name]
    return members === 'fields' ? [] : members.map((member) => `${name}.${member}`)
  })
  .join(', ')
