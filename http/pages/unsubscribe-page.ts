import { html } from 'hono/html'
import type { UnsubscribeScope } from '../../db/unsubscribe-scope.ts'
import type { Subject, Wording } from '../../domain/wording/wording.ts'
import { brandedPage } from './branded-page.ts'
import type { Html } from './page.ts'

/**
 * What the link is about, and the button. A plain form: it works without JavaScript. Its query tells the server
 * which words were shown.
 * @param more what a mode adds to the note, and the version of these words.
 */
export function confirmPage(
  words: Wording,
  scope: UnsubscribeScope,
  manage: Html,
  more?: { version: string; note: string },
): Html {
  const { heading, text, button, note } = words.confirm
  return brandedPage(
    words.language,
    scope,
    heading(scope.resource),
    html`<p>${text(subjectOf(scope))}</p>
${categoryList(words, scope)}
<form method="post" action="?shown=${more?.version ?? words.version}"><button>${button}</button></form>
<p class="note">${note}${more === undefined ? '' : ` ${more.note}`}</p>
${manage}`,
  )
}

/** What is so now, whether it was just done or long ago. @param next what one may want to do then. */
export function resultPage(
  words: Wording,
  kind: 'unsubscribed' | 'already',
  scope: UnsubscribeScope,
  next: Html,
): Html {
  return brandedPage(
    words.language,
    scope,
    words[kind],
    html`<p>${words.result(subjectOf(scope))}</p>
${categoryList(words, scope)}
${next}`,
  )
}

export function categoryList(words: Wording, { categories }: UnsubscribeScope): Html | '' {
  if (categories.length === 0) return ''
  return html`<ul>
${categories.map((title) => html`<li><bdi>${title}</bdi></li>\n`)}</ul>
<p>${words.othersStay}</p>`
}

const subjectOf = ({ resource, address, categories }: UnsubscribeScope): Subject => ({
  resource,
  address: maskAddress(address ?? ''),
  listed: categories.length > 0,
})

/** `lea@example.com` becomes `l•••@example.com`: known again by its owner, of no use to whoever was sent the link. */
export function maskAddress(address: string): string | null {
  const at = address.lastIndexOf('@')
  if (at < 1) return null
  const [first] = address
  return `${first}•••${address.slice(at)}`
}
