import { type Liquid, type Template as Node, Output, RenderError, TypeGuards, toValue } from 'liquidjs'
import type { Rendering } from './template-rendering.ts'
import { readerOf } from './template-values.ts'

/** A parsed template as what all recipients share, and the places where they differ. */
export interface TemplateParts {
  /** What stands before, between and behind the holes: one more than there are holes. */
  literals: string[]
  holes: Hole[]
}

type Hole = (rendering: Rendering) => string

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
  ({ context }) =>
    liquid.renderSync(nodes, context) as string

/** @returns null for what has to be left to liquidjs. */
function outputHole(liquid: Liquid, node: Node): Hole | null {
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
      throw error instanceof Error ? new RenderError(error, node) : error
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

/** As liquidjs writes a value: nothing for nothing, the items of a list one after the other. */
function print(value: unknown): string {
  const plain: unknown = toValue(value)
  if (typeof plain === 'string') return plain
  if (plain === null || plain === undefined) return ''
  return Array.isArray(plain) ? plain.map(print).join('') : `${plain as number | boolean}`
}
