import {
  IfTag,
  type Liquid,
  type Template as Node,
  Output,
  RenderError,
  TypeGuards,
  toValue,
  toValueSync,
  type Value,
} from 'liquidjs'
import type { Rendering } from './template-rendering.ts'
import { type Read, readerOf } from './template-values.ts'

/** A parsed template as what all recipients share, and the places where they differ. */
export interface TemplateParts {
  /** What stands before, between and behind the holes: one more than there are holes. */
  literals: string[]
  holes: Writer[]
}

/** Writes what stands in one hole, or all of a template. */
type Writer = (rendering: Rendering) => string

/** Splits a parsed template at the top level: each output and each tag is a hole. */
export function partsOf(liquid: Liquid, parsed: Node[]): TemplateParts {
  const literals = ['']
  const holes: Writer[] = []
  const end = endOfParts(parsed)
  for (const node of parsed.slice(0, end)) {
    if (TypeGuards.isHTMLToken(node.token)) literals[holes.length] += node.token.getContent()
    else literals[holes.push(holeOf(liquid, node))] = ''
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

/** Literals and holes in one. */
export function writerOf({ literals, holes }: TemplateParts): Writer {
  const [first = '', ...others] = literals
  return (rendering) => {
    let text = first
    for (const [index, hole] of holes.entries()) text += hole(rendering) + others[index]
    return text
  }
}

const holeOf = (liquid: Liquid, node: Node): Writer =>
  outputHole(liquid, node) ?? choiceHole(liquid, node) ?? nodesHole(liquid, [node])

const nodesHole =
  (liquid: Liquid, nodes: Node[]): Writer =>
  ({ context }) =>
    liquid.renderSync(nodes, context) as string

/** @returns null for what has to be left to liquidjs. */
function outputHole(liquid: Liquid, node: Node): Writer | null {
  if (!(node instanceof Output)) return null
  const { initial, filters } = node.value
  // The last filter may be one that nobody wrote: it has no name, and escapes the output.
  const escape = filters.at(-1)?.raw === true ? undefined : liquid.options.outputEscape
  const read = readerOf(liquid, initial, escape === undefined ? filters : filters.slice(0, -1))
  if (read === null) return null
  return (rendering) => {
    try {
      const value = read(rendering)
      return print(escape === undefined ? value : escaped(escape as Escape, value, rendering))
    } catch (error) {
      throw placed(error, node)
    }
  }
}

type Escape = (this: Pick<Rendering, 'context'>, value: unknown) => unknown

/** Nearly no text holds any of the characters that are escaped: it only counts against the limit. */
function escaped(escape: Escape, value: unknown, rendering: Rendering): unknown {
  if (typeof value !== 'string' || /[&<>"']/.test(value)) return escape.call(rendering, value)
  rendering.context.memoryLimit.use(value.length)
  return value
}

/** To liquidjs a condition costs as much as ten outputs. What stands in the branches are parts again. */
function choiceHole(liquid: Liquid, node: Node): Writer | null {
  if (!(node instanceof IfTag)) return null
  const branches = node.branches.map(({ value, templates }) => ({
    holds: conditionOf(liquid, node, value),
    write: writerOf(partsOf(liquid, templates)),
  }))
  const otherwise = writerOf(partsOf(liquid, node.elseTemplates ?? []))
  return (rendering) => (branches.find(({ holds }) => holds(rendering))?.write ?? otherwise)(rendering)
}

function conditionOf(liquid: Liquid, tag: IfTag, value: Value): (rendering: Rendering) => boolean {
  const whole: Read = ({ context }) => toValueSync(value.value(context))
  const read = readerOf(liquid, value.initial, value.filters) ?? whole
  return (rendering) => {
    try {
      const plain: unknown = toValue(read(rendering))
      return plain !== false && plain !== null && plain !== undefined
    } catch (error) {
      throw placed(error, tag)
    }
  }
}

/** The error with the place in the template where it happened, as liquidjs's have it. */
const placed = (error: unknown, node: Node): unknown => (error instanceof Error ? new RenderError(error, node) : error)

/** As liquidjs writes a value: nothing for nothing, the items of a list one after the other. */
function print(value: unknown): string {
  const plain: unknown = toValue(value)
  if (typeof plain === 'string') return plain
  if (plain === null || plain === undefined) return ''
  return Array.isArray(plain) ? plain.map(print).join('') : `${plain as number | boolean}`
}
