import anyAscii from 'any-ascii'

export const longestKey = 60

/** What a key may be: lower-case ASCII letters, digits and single hyphens between them. */
export const keyPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/

/**
 * A key from a title in any script: "Новини та акції" becomes "novini-ta-aktsii". Immutable once given; the
 * API knows the category by it. At most 60 characters; "category" when nothing of the title can be written.
 * @param taken keys in use: the result differs from each by a number at its end.
 */
export function keyFromTitle(title: string, taken: ReadonlySet<string> = new Set()): string {
  const base = slug(title) || 'category'
  let key = cut(base, longestKey)
  for (let number = 2; taken.has(key); number += 1) {
    const ending = `-${number}`
    key = cut(base, longestKey - ending.length) + ending
  }
  return key
}

const slug = (title: string): string =>
  anyAscii(title)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')

const cut = (key: string, length: number): string => key.slice(0, length).replace(/-$/, '')
