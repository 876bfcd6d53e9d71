/**
 * As `JSON.parse`, and strict about objects: of a member that is written twice the last would count, while a reader of
 * the text may have seen the first.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (membersWritten(text) !== membersOf(value)) throw new SyntaxError('an object names a member twice')
  return value
}

/** In JSON a string with a colon behind it is a member's name, and nothing else is. */
const membersWritten = (text: string): number =>
  Array.from(text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)).filter(([, colon]) => colon !== undefined).length

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const members: unknown[] = Object.values(value)
  return members.reduce<number>((sum, member) => sum + membersOf(member), Array.isArray(value) ? 0 : members.length)
}
