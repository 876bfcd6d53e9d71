import { parseAccept } from 'hono/utils/accept'

export const languages = ['en', 'de', 'uk', 'es'] as const
export type Language = (typeof languages)[number]

/**
 * The language for a person: their own where it is known, else the first of the browser's that we have, else English.
 * @param contactLanguage a language tag in any case, such as `de-AT`.
 * @param acceptLanguage the header (RFC 9110 12.5.4).
 */
export function languageFor(contactLanguage: string | null, acceptLanguage: string | undefined): Language {
  const accepted = parseAccept(acceptLanguage ?? '').filter(({ q }) => q > 0)
  const wanted = [contactLanguage ?? '', ...accepted.map(({ type }) => type)]
  return wanted.map((tag) => tag.toLowerCase().split(/[-_]/)[0]).find(isLanguage) ?? 'en'
}

const isLanguage = (tag: string | undefined): tag is Language =>
  (languages as readonly (string | undefined)[]).includes(tag)
