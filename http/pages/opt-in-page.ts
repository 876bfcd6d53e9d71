import { html } from 'hono/html'
import type { OptInSubject } from '../../db/confirm-opt-in.ts'
import type { OptInWording } from '../../domain/wording/opt-in.ts'
import { brandedPage } from './branded-page.ts'
import type { Html } from './page.ts'
import { maskAddress } from './unsubscribe-page.ts'

/** What they would subscribe to, and the button. */
export const confirmOptInPage = (words: OptInWording, subject: OptInSubject): Html =>
  brandedPage(
    words.language,
    subject,
    words.heading(subject.category),
    html`<p>${words.text(subject.resource, maskAddress(subject.address ?? ''))}</p>
${described(subject)}
<form method="post" action="?shown=${words.version}"><button>${words.button}</button></form>
<p class="note">${words.note}</p>`,
  )

export const optInConfirmedPage = (words: OptInWording, subject: OptInSubject): Html =>
  brandedPage(
    words.language,
    subject,
    words.confirmed,
    html`<p>${words.confirmedText(subject.resource, maskAddress(subject.address ?? ''))}</p>
${described(subject)}`,
  )

const described = ({ category, description }: OptInSubject): Html =>
  html`<ul><li><bdi>${category}</bdi></li></ul>${description === null ? '' : html`\n<p><bdi>${description}</bdi></p>`}`
