import anyAscii from 'any-ascii'

const longestKey = 60

/**
 * A key from a title in any script: "Новини та акції" becomes "novini-ta-aktsii" or the like. Immutable once
 * given; the API knows the category by it.
 * @param taken keys in use: the result differs from each by a number at its end.
 */
export function keyFromTitle(title: string, taken: ReadonlySet<string> = new Set()): string {
  const base = slug(title) || 'category'
  if (!taken.has(base)) return base
  let number = 2
  while (taken.has(`${base}-${number}`)) number += 1
  return `${base}-${number}`
}

/** What a key may be: lower-case ASCII letters, digits and single hyphens between them. */
export const keyPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/

const slug = (title: string): string =>
  anyAscii(title)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, longestKey)
    .replace(/-+$/, '')
