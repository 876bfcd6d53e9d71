import { html } from 'hono/html'
import type { UnsubscribeScope } from '../../db/unsubscribe-scope.ts'
import { modeWordings } from '../../domain/wording/modes.ts'
import type { Wording } from '../../domain/wording/wording.ts'
import { brandedPage } from './branded-page.ts'
import { countdown } from './countdown.ts'
import type { Html } from './page.ts'
import { categoryList } from './unsubscribe-page.ts'

/** What a button of these pages does; the address of its form says so. */
export const deeds = ['confirm', 'cancel', 'undo', 'everything'] as const
export type Deed = (typeof deeds)[number]

/** A form with one button; `loud` for what most people want. */
const button = (words: Wording, deed: Deed, label: string, loud = false): Html =>
  html`<form method="post" action="?shown=${modeWordings[words.language].version}&amp;do=${deed}"><button${loud ? '' : html` class="quiet"`}>${label}</button></form>`

/** While the timer runs. */
export function pendingPage(words: Wording, scope: UnsubscribeScope, dueAt: Date): Html {
  const { pending } = modeWordings[words.language]
  const seconds = (dueAt.getTime() - Date.now()) / 1000
  return brandedPage(
    words.language,
    scope,
    pending.heading(scope.resource),
    html`<p>${pending.text(Math.max(1, Math.round(seconds / 60)), dueAt.toISOString().slice(11, 16))}</p>
${countdown(seconds)}
${categoryList(words, scope)}
${button(words, 'confirm', pending.confirm, true)}
${button(words, 'cancel', pending.cancel)}`,
  )
}

export const cancelledPage = (words: Wording, scope: UnsubscribeScope): Html =>
  said(
    words,
    scope,
    modeWordings[words.language].cancelled.heading,
    modeWordings[words.language].cancelled.text(scope.resource),
  )

export const undonePage = (words: Wording, scope: UnsubscribeScope): Html =>
  said(
    words,
    scope,
    modeWordings[words.language].undone.heading,
    modeWordings[words.language].undone.text(scope.resource),
  )

export const cannotUndoPage = (words: Wording, scope: UnsubscribeScope): Html =>
  said(words, scope, modeWordings[words.language].cannotUndo.heading, modeWordings[words.language].cannotUndo.text)

/** In the resource's own words where it has any. */
export function prohibition(
  { language }: Pick<Wording, 'language'>,
  scope: Pick<UnsubscribeScope, 'resource' | 'prohibitedReason'>,
): { heading: string; text: string } {
  const { heading, text } = modeWordings[language].prohibited
  return { heading: heading(scope.resource), text: scope.prohibitedReason ?? text(scope.resource) }
}

export const prohibitedPage = (words: Wording, scope: UnsubscribeScope): Html => {
  const { heading, text } = prohibition(words, scope)
  return said(words, scope, heading, text)
}

const said = (words: Wording, scope: UnsubscribeScope, heading: string, text: string): Html =>
  brandedPage(words.language, scope, heading, html`<p>${text}</p>`)

/** What somebody who was unsubscribed may want next. */
export function secondThoughts(words: Wording, scope: UnsubscribeScope, canUndo: boolean): Html {
  const { undo, everything } = modeWordings[words.language]
  return html`${canUndo ? button(words, 'undo', undo) : ''}
${scope.categories.length > 0 ? button(words, 'everything', everything(scope.resource)) : ''}`
}

/** As a person reads it: never less than a minute. */
export const delayNote = (words: Wording, { timerSeconds }: UnsubscribeScope): string =>
  modeWordings[words.language].delayNote(Math.max(1, Math.round((timerSeconds ?? 0) / 60)))
