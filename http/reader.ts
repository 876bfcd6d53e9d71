import type { Context } from 'hono'
import { type Language, languageFor } from './wording/language.ts'
import { type Wording, wordings } from './wording/wording.ts'

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

/** @param contactLanguage null when it is not known who reads. */
export const languageOf = (c: Context, contactLanguage: string | null = null): Language =>
  languageFor(contactLanguage, c.req.header('accept-language'))

export const wordingOf = (c: Context, contactLanguage: string | null = null): Wording =>
  wordings[languageOf(c, contactLanguage)]
