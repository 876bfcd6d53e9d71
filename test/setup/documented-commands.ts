/** One block of commands of a document, and what it shows as their output. */
export interface DocumentedBlock {
  commands: string
  kind: 'json' | 'text' | null
  output: string
}

/** Every block marked `sh`, with the `json` or `text` right after it. Setting up, marked `bash`, is left to the test. */
export function documentedBlocks(markdown: string): DocumentedBlock[] {
  const blocks = markdown.matchAll(/^```sh\n(.*?)^```\n(?:```(json|text)\n(.*?)^```\n)?/gms)
  return [...blocks].map(([, commands = '', kind, output = '']) => ({
    commands,
    kind: kind === 'json' || kind === 'text' ? kind : null,
    output: output.trim(),
  }))
}

/** Whether a value has what is shown of it. `…` is anything; as the last of a list it is any number of more. */
export function shows(shown: unknown, actual: unknown): boolean {
  if (shown === '…') return actual !== undefined
  if (Array.isArray(shown)) {
    const isOpen = shown.at(-1) === '…'
    const items = isOpen ? shown.slice(0, -1) : shown
    const fits = Array.isArray(actual) && (isOpen ? actual.length >= items.length : actual.length === items.length)
    return fits && items.every((item, at) => shows(item, actual[at]))
  }
  if (typeof shown !== 'object' || shown === null) return Object.is(shown, actual)
  if (typeof actual !== 'object' || actual === null) return false
  return Object.entries(shown).every(([key, value]) => shows(value, Reflect.get(actual, key)))
}

/** The text that is shown, with anything where `…` stands. */
export const patternOf = (shown: string): RegExp =>
  new RegExp(
    `^${shown
      .split('…')
      .map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  )
