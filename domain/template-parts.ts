import {
  type Context,
  type Filter,
  type Liquid,
  type Template as Node,
  Output,
  RenderError,
  TypeGuards,
  toValue,
} from 'liquidjs'

/** A parsed template as what all recipients share, and the places where they differ. */
export interface TemplateParts {
  /** What stands before, between and behind the holes: one more than there are holes. */
  literals: string[]
  holes: Hole[]
}

/** Renders one hole. The context is common to all holes of one rendering: variables and limits live in it. */
type Hole = (context: Context) => string

/** Splits a parsed template at the top level: each output and each tag is a hole. */
export function partsOf(liquid: Liquid, parsed: Node[]): TemplateParts {
  const literals = ['']
  const holes: Hole[] = []
  const end = endOfParts(parsed)
  for (const node of parsed.slice(0, end)) {
    if (TypeGuards.isHTMLToken(node.token)) literals[holes.length] += node.token.getContent()
    else literals[holes.push(outputHole(liquid, node) ?? nodesHole(liquid, [node]))] = ''
  }
  if (end < parsed.length) literals[holes.push(nodesHole(liquid, parsed.slice(end)))] = ''
  return { literals, holes }
}

/** A break outside of a loop ends the message: from a node that may hold one, the rest is rendered as a whole. */
function endOfParts(parsed: Node[]): number {
  const place = parsed.findIndex(({ token }, index) => {
    const source = token.input.slice(token.begin, parsed[index + 1]?.token.begin)
    return TypeGuards.isTagToken(token) && /\{%(?:(?!%\})[^])*\b(?:break|continue)\b/.test(source)
  })
  return place === -1 ? parsed.length : place
}

const nodesHole =
  (liquid: Liquid, nodes: Node[]): Hole =>
  (context) =>
    liquid.renderSync(nodes, context) as string

/**
 * Nearly all holes are a variable with a filter or two. liquidjs takes each through half a dozen generators; its own
 * functions, called directly, are ten times cheaper and give the same.
 * @returns null for an output of any other shape.
 */
function outputHole(liquid: Liquid, node: Node): Hole | null {
  if (!(node instanceof Output)) return null
  const [variable, ...operators] = node.value.initial.postfix
  const path = variable === undefined || operators.length > 0 ? null : pathOf(variable)
  const steps = stepsOf(liquid, node.value.filters)
  if (path === null || steps === null) return null
  return (context) => {
    try {
      let value = read(path, context)
      for (const step of steps) value = step(value, context)
      return print(value)
    } catch (error) {
      throw error instanceof Error ? new RenderError(error, node) : error
    }
  }
}

interface Path {
  root: string
  members: (string | number)[]
}

/** `contact.attributes["plan"]`, but not `contact.attributes[contact.language]`. */
function pathOf(token: object): Path | null {
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined) return null
  const keys = token.props.map((key) => (isConstantKey(key) ? key.content : null))
  const [root, ...members] = keys
  if (typeof root !== 'string' || members.includes(null)) return null
  return { root, members: members.filter((member) => member !== null) }
}

const isConstantKey = (key: unknown) =>
  TypeGuards.isWordToken(key) || TypeGuards.isQuotedToken(key) || TypeGuards.isNumberToken(key)

function read({ root, members }: Path, context: Context): unknown {
  // At the top level of a template there are two scopes: what it assigned itself hides what it was given.
  const assigned = context.bottom() as Record<string, unknown>
  let value = root in assigned ? assigned[root] : (context.environments as Record<string, unknown>)[root]
  for (const member of members) value = context.readProperty(value as object, member)
  return value
}

type Step = (value: unknown, context: Context) => unknown
type FilterFunction = (this: { context: Context }, value: unknown, ...args: unknown[]) => unknown

/** Of liquidjs's filters those that look at their arguments and at the limits of the context, and nothing else. */
const directFilters = [
  'append',
  'capitalize',
  'default',
  'downcase',
  'escape',
  'escape_once',
  'newline_to_br',
  'prepend',
  'replace',
  'strip',
  'truncate',
  'upcase',
  'url_encode',
]

/** @returns null when a filter is not that simple, or has an argument that is not a constant. */
function stepsOf(liquid: Liquid, filters: Filter[]): Step[] | null {
  const steps: Step[] = []
  // The last filter may be one that nobody wrote: it has no name, and escapes the output.
  const escape = filters.at(-1)?.raw === true ? undefined : liquid.options.outputEscape
  for (const { name, args, raw } of escape === undefined ? filters : filters.slice(0, -1)) {
    if (raw) continue
    const filter = liquid.filters[name]
    if (typeof filter !== 'function' || !directFilters.includes(name) || !args.every(isConstant)) return null
    const constants = args.map(({ content }) => content)
    steps.push(callOf(filter as FilterFunction, constants))
  }
  if (escape !== undefined) steps.push(escapeStep(callOf(escape as FilterFunction, [])))
  return steps
}

/** Nearly no text holds any of the characters that are escaped: it only counts against the limit. */
const escapeStep =
  (escape: Step): Step =>
  (value, context) => {
    if (typeof value !== 'string' || /[&<>"']/.test(value)) return escape(value, context)
    context.memoryLimit.use(value.length)
    return value
  }

const isConstant = (arg: unknown) =>
  TypeGuards.isQuotedToken(arg) || TypeGuards.isNumberToken(arg) || TypeGuards.isLiteralToken(arg)

const callOf =
  (filter: FilterFunction, args: unknown[]): Step =>
  (value, context) =>
    filter.call({ context }, value, ...args)

/** As liquidjs writes a value: nothing for nothing, the items of a list one after the other. */
function print(value: unknown): string {
  const plain: unknown = toValue(value)
  if (typeof plain === 'string') return plain
  if (plain === null || plain === undefined) return ''
  return Array.isArray(plain) ? plain.map(print).join('') : `${plain as number | boolean}`
}
