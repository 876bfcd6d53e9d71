import { Drop, type Expression, type Filter, type Liquid, TypeGuards, toValueSync } from 'liquidjs'
import type { Rendering } from './template-rendering.ts'

/** What an expression comes to in one rendering. */
export type Read = (rendering: Rendering) => unknown

/**
 * Nearly all values are a variable with a filter or two, or compared with a constant. liquidjs takes each through half
 * a dozen generators; its own functions, called directly, are ten times cheaper and give the same.
 * @returns null for a value of any other shape.
 */
export function readerOf(liquid: Liquid, expression: Expression, filters: Filter[]): Read | null {
  const { postfix } = expression
  const operand = postfix.length === 1 ? variableOf(postfix[0]) : comparisonOf(expression)
  const steps = stepsOf(liquid, filters)
  if (operand === null || steps === null) return null
  return (rendering) => {
    let value = operand(rendering)
    for (const step of steps) value = step(value, rendering)
    return value
  }
}

function variableOf(token: unknown): Read | null {
  const path = pathOf(token)
  return path === null ? null : (rendering) => read(path, rendering)
}

/** `contact.attributes.plan == "gold"`, where neither side is an object of liquidjs's, such as `empty`. */
function comparisonOf(expression: Expression): Read | null {
  const [variable, constant, operator, ...more] = expression.postfix
  if (!TypeGuards.isOperatorToken(operator) || !isConstant(constant) || more.length > 0) return null
  const operand = variableOf(variable)
  const isEquality = operator.operator === '=='
  const { content } = constant
  if (operand === null || !(isEquality || operator.operator === '!=') || content instanceof Drop) return null
  return (rendering) => {
    const value = operand(rendering)
    // A template can assign one.
    if (value instanceof Drop) return toValueSync(expression.evaluate(rendering.context, false))
    return (value === content) === isEquality
  }
}

interface Path {
  root: string
  members: (string | number)[]
}

/** `contact.attributes["plan"]`, but not `contact.attributes[contact.language]`. */
function pathOf(token: unknown): Path | null {
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined) return null
  const keys = token.props.map((key) => (isConstantKey(key) ? key.content : null))
  const [root, ...members] = keys
  if (typeof root !== 'string' || members.includes(null)) return null
  return { root, members: members.filter((member) => member !== null) }
}

const isConstantKey = (key: unknown) =>
  TypeGuards.isWordToken(key) || TypeGuards.isQuotedToken(key) || TypeGuards.isNumberToken(key)

function read({ root, members }: Path, rendering: Rendering): unknown {
  let value = rendering.variable(root)
  for (const member of members) value = memberOf(value, member, rendering)
  return value
}

/** What an object holds is no question. About what it does not hold, and about lists, liquidjs has more to say. */
const memberOf = (value: unknown, member: string | number, rendering: Rendering): unknown =>
  isRecord(value) && Object.hasOwn(value, member)
    ? value[member]
    : rendering.context.readProperty(value as object, member)

const isRecord = (value: unknown): value is Readonly<Record<string | number, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Step = (value: unknown, rendering: Rendering) => unknown
type FilterFunction = (this: Pick<Rendering, 'context'>, value: unknown, ...args: unknown[]) => unknown

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
  for (const { name, args, raw } of filters) {
    if (raw) continue
    const filter = liquid.filters[name]
    if (typeof filter !== 'function' || !directFilters.includes(name) || !args.every(isConstant)) return null
    const constants = args.map(({ content }) => content)
    steps.push((value, rendering) => (filter as FilterFunction).call(rendering, value, ...constants))
  }
  return steps
}

const isConstant = (arg: unknown) =>
  TypeGuards.isQuotedToken(arg) || TypeGuards.isNumberToken(arg) || TypeGuards.isLiteralToken(arg)
