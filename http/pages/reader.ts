import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import { isLanguage, type Language } from '../../domain/wording/language.ts'
import { type Wording, wordings } from '../../domain/wording/wording.ts'

/**
 * Which words the page showed whose button was pressed; null when no page was: then it is a mail client's
 * one-click POST. A version that this process does not know is one from before or after an update: still a page.
 */
export function shownWording(c: Context): string | null {
  const shown = c.req.query('shown') ?? ''
  return /^(?:unsubscribe|modes|preferences|opt-in)-[a-z]{2}-\d{1,4}$/.test(shown) ? shown : null
}

/** People open pages and press their buttons; everything else is a machine, and wants one plain sentence. */
export const isPerson = (c: Context): boolean =>
  c.req.method === 'GET' || c.req.method === 'HEAD' || shownWording(c) !== null

/**
 * The language for a person: their own where it is known, else the first of the browser's that we have, else English.
 * @param contactLanguage a language tag in any case, such as `de-AT`; null when it is not known who reads.
 */
export function languageOf(c: Context, contactLanguage: string | null = null): Language {
  // RFC 9110, 12.5.4.
  const accepted = parseAccept(c.req.header('accept-language') ?? '').filter(({ q }) => q > 0)
  const wanted = [contactLanguage ?? '', ...accepted.map(({ type }) => type)]
  return wanted.map((tag) => tag.toLowerCase().split(/[-_]/)[0]).find(isLanguage) ?? 'en'
}

export const wordingOf = (c: Context, contactLanguage: string | null = null): Wording =>
  wordings[languageOf(c, contactLanguage)]
