import { html } from 'hono/html'
import { decodeWords } from 'postal-mime'
import type { OpenedMail, summary } from './opened-mail.ts'

// Every value goes through the `html` template, which escapes it: a mail is written by strangers.

type Summary = ReturnType<typeof summary>
type Html = ReturnType<typeof html>

const layout = (title: string, body: Html) => html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <meta name="color-scheme" content="light dark" />
      <title>${title}</title>
      <link rel="stylesheet" href="/style.css" />
    </head>
    <body>
      ${body}
    </body>
  </html>`

export interface ListView {
  mails: Summary[]
  containing: string
  total: number
  hasOlder: boolean
}

export const listPage = (view: ListView) =>
  layout(
    'Inbox',
    html`<header>
        <h1><a href="/">Inbox</a></h1>
        <p>${view.total.toLocaleString('en')} mails caught; none of them went anywhere.</p>
        <form method="get" action="/" role="search">
          <input type="search" name="q" value="${view.containing}" aria-label="Recipient" placeholder="Recipient's address" />
          <button>Search</button>
        </form>
      </header>
      <main>
        ${view.mails.length === 0 ? html`<p class="empty">${emptiness(view)}</p>` : ''}
        <ol class="mails">
          ${view.mails.map(listItem)}
        </ol>
        <nav>${view.hasOlder ? html`<a href="${olderUrl(view)}">Older</a>` : ''}</nav>
      </main>`,
  )

const emptiness = ({ containing }: ListView) =>
  containing === '' ? 'No mail yet. It appears here as soon as it is sent.' : `No mail to “${containing}”.`

const listItem = (mail: Summary) => html`<li>
  <a href="/messages/${mail.id}">
    <span class="to">${mail.to.join(', ')}</span>
    <span class="subject">${mail.subject || '(no subject)'}</span>
    ${moment(mail.at)}
  </a>
</li>`

const moment = (at: string) => html`<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time>`

function olderUrl({ mails, containing }: ListView): string {
  const query = new URLSearchParams({ before: String(mails.at(-1)?.id ?? 0) })
  if (containing !== '') query.set('q', containing)
  return `/?${query.toString()}`
}

export interface MessageView {
  /** Where the mail's own unsubscribe button posts to; null: it has none. */
  oneClick: string | null
  /** What came of pressing it just now. */
  answer: string | null
  withImages: boolean
}

export const messagePage = (mail: OpenedMail, view: MessageView) =>
  layout(
    mail.subject || '(no subject)',
    html`<header>
        <p><a href="/">Inbox</a></p>
        <h1>${mail.subject || '(no subject)'}</h1>
        <dl>
          <dt>From</dt>
          <dd>${headerOr(mail, 'from', mail.from)}</dd>
          <dt>To</dt>
          <dd>${mail.to.join(', ')}</dd>
          <dt>Received</dt>
          <dd>${moment(mail.at)}, ${mail.size.toLocaleString('en')} bytes</dd>
        </dl>
        ${view.oneClick === null ? '' : unsubscribeButton(mail.id)}
        ${view.answer === null ? '' : html`<p role="status">${view.answer}</p>`}
      </header>
      <main>${mail.html === null ? '' : htmlPart(mail, view)} ${textPart(mail)} ${headerTable(mail)} ${sourceLinks(mail)}</main>`,
  )

const headerOr = (mail: OpenedMail, name: string, otherwise: string) =>
  decodeWords(mail.headers.find((header) => header.name.toLowerCase() === name)?.value ?? otherwise)

const unsubscribeButton = (id: number) => html`<form method="post" action="/messages/${id}/unsubscribe">
  <button>Unsubscribe</button>
  <small>as a mail client's own button does it: one POST, no page</small>
</form>`

const htmlPart = (mail: OpenedMail, { withImages }: MessageView) => html`<section>
  <h2>HTML</h2>
  ${withImages ? '' : html`<p><a href="/messages/${mail.id}?images=1">Load remote images</a></p>`}
  <iframe
    title="HTML part"
    sandbox="allow-popups allow-popups-to-escape-sandbox"
    src="/messages/${mail.id}/html${withImages ? '?images=1' : ''}"
  ></iframe>
</section>`

const textPart = (mail: OpenedMail) => html`<section>
  <h2>Text</h2>
  <pre>${mail.text ?? '(no text part)'}</pre>
</section>`

const headerTable = (mail: OpenedMail) => html`<details>
  <summary>${mail.headers.length} headers</summary>
  <dl class="headers">${mail.headers.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</details>`

const sourceLinks = (mail: OpenedMail) => html`<p>
  <a href="/messages/${mail.id}/source">Source</a> · <a href="/messages/${mail.id}.eml">Download .eml</a> ·
  <a href="/api/messages/${mail.id}">JSON</a>
</p>`

export const notFoundPage = () =>
  layout('Not found', html`<header><h1>There is no such mail</h1></header><main><p><a href="/">Inbox</a></p></main>`)
