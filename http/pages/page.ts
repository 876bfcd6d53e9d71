import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export type Html = ReturnType<typeof html>

// Colours reach a contrast of 7:1 in both schemes (WCAG AAA); the button is 48 px high for thumbs.
const style = `
:root { color-scheme: light dark; --paper: #f4f5f7; --card: #fff; --ink: #1b1f27; --soft: #454c59; --line: #d5d9e0; --act: #14478f; --on-act: #fff }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171c; --card: #1e222a; --ink: #eef0f4; --soft: #b9c0cc; --line: #373d49; --act: #a9c7ff; --on-act: #0d1b33 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; padding: 1.5rem 1rem; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
main { width: 100%; max-width: 33rem; padding: clamp(1.5rem, 6vw, 2.75rem); background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance }
p { margin: 0 0 1rem }
ul { margin: 0 0 1.25rem; padding-inline-start: 1.25rem }
li { margin-block: .25rem; font-weight: 600 }
form { margin-top: 1.75rem }
button { width: 100%; min-height: 3rem; padding: .6rem 1.5rem; border: 0; border-radius: .5rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: none; color: var(--act); border: 2px solid var(--act) }
button:hover { filter: brightness(1.12) }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 3px }
.timer { font-size: 2rem; font-weight: 600; font-variant-numeric: tabular-nums }
.timer:empty { display: none }
form + form { margin-top: 1rem }
a { color: var(--act) }
.note { margin: .85rem 0 0; color: var(--soft); font-size: .9375rem }
main > :last-child { margin-bottom: 0 }
@media (min-width: 36rem) { button { width: auto } }
`

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64')
const styleHash = hashOf(style)

/** What a page needs beyond text and the one style. */
export interface Policy {
  /** Hash of the one script that the page holds. */
  script?: string
  /** A further style that the page holds. */
  style?: string
  /**
   * Where a form's answer redirects to. Browsers hold `form-action` against redirects too, also those that the page
   * there may make: so any page of its scheme.
   */
  leadsTo?: string | null
}

/** Nothing is loaded and nothing runs but what is named; each is known by its hash. */
export const securityPolicy = (more: Policy = {}): string =>
  [
    "default-src 'none'",
    ...(more.script === undefined ? [] : [`script-src 'sha256-${more.script}'`]),
    `style-src 'sha256-${styleHash}'${more.style === undefined ? '' : ` 'sha256-${hashOf(more.style)}'`}`,
    `form-action 'self'${more.leadsTo ? schemesFrom(more.leadsTo) : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const schemesFrom = (url: string): string => (url.startsWith('http:') ? ' http: https:' : ' https:')

export const contentSecurityPolicy = securityPolicy()

/**
 * A whole page. Strings in `content` that came from outside have been escaped by `html`.
 * @param further a style of this page's own: the answer's policy must allow it.
 */
export const page = (language: string, title: string, content: Html, further = ''): Html => html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(style)}</style>${further === '' ? '' : html`<style>${raw(further)}</style>`}
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`

/**
 * Answers with a page. What `html` makes is an object, and an answer that holds an object is streamed: as a string
 * proper it goes out in one piece, with its length.
 */
export const answerPage = async (c: Context, whole: Html, status: ContentfulStatusCode = 200) =>
  c.html((await whole).toString(), status)
