import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Language } from '../../domain/wording/language.ts'
import type { Wording } from '../../domain/wording/wording.ts'
import { answerPage, page } from './page.ts'
import { isPerson } from './reader.ts'

/** What is wrong, for the person who opened a link and for the machine that posted to it. */
export interface Problem {
  status: 400 | 403 | 404 | 410 | 413 | 415 | 500
  language: Language
  heading: string
  text: string
}

export const problems = {
  badLink: (words: Wording): Problem => ({ status: 400, language: words.language, ...words.badLink }),
  retiredKey: (words: Wording): Problem => ({ status: 410, language: words.language, ...words.retiredKey }),
  prohibited: (words: Wording, why: { heading: string; text: string }): Problem => ({
    status: 403,
    language: words.language,
    ...why,
  }),
  gone: (words: Wording): Problem => ({ status: 410, language: words.language, ...words.gone }),
  notFound: (words: Wording): Problem => ({ status: 404, language: words.language, ...words.notFound }),
  failed: (words: Wording, errorId: string): Problem => ({
    status: 500,
    language: words.language,
    ...words.failed(errorId),
  }),
}

/** A page for people; for machines one sentence, or problem+json (RFC 9457) where the request asks for JSON. */
export function answerProblem(c: Context, { status, language, heading, text }: Problem) {
  if (isPerson(c)) return answerPage(c, page(language, heading, html`<h1>${heading}</h1>\n<p>${text}</p>`), status)
  if (/\bjson\b/.test(c.req.header('accept') ?? ''))
    return c.body(JSON.stringify({ type: 'about:blank', title: heading, status, detail: text }), status, {
      'Content-Type': 'application/problem+json',
    })
  return c.text(`${heading}. ${text}\n`, status)
}
