import { html } from 'hono/html'
import type { ListedCategory, ListedField, Preferences } from '../../db/preferences.ts'
import { longestLine } from '../../domain/field-input.ts'
import type { PreferenceWording } from '../../domain/wording/preferences.ts'
import { brandedPage } from './branded-page.ts'
import { prohibition } from './mode-pages.ts'
import type { Html } from './page.ts'
import { names } from './preference-form.ts'
import { maskAddress } from './unsubscribe-page.ts'

/** What the contact subscribes to, and two buttons. Plain forms: they work without JavaScript. */
export function preferencePage(words: PreferenceWording, preferences: Preferences): Html {
  const { resource, address, optedOut, categories, fields } = preferences
  return brandedPage(
    words.language,
    preferences,
    words.heading,
    html`<p>${words.intro(resource, maskAddress(address ?? ''))}</p>
${optedOut === null ? '' : html`<p class="said">${words.optedOut[optedOut](resource)}</p>`}
<form method="post" action="?shown=${words.version}">
${categories.length === 0 ? '' : choices(words, categories)}
${fields.length === 0 ? '' : details(words, fields)}
<div class="buttons"><button>${words.save}</button>
<button class="plain" name="${names.everythingOff}" value="yes" formnovalidate>${words.everythingOff}</button></div>
</form>
<p class="note">${words.everythingOffNote(resource)} ${words.note}</p>`,
  )
}

/** Where unsubscribing is prohibited: what is so, and why nothing of it can be changed here. */
export function lockedPage(words: PreferenceWording, preferences: Preferences): Html {
  const { resource, address, categories, fields } = preferences
  return brandedPage(
    words.language,
    preferences,
    words.heading,
    html`<p>${words.intro(resource, maskAddress(address ?? ''))}</p>
<p class="said">${prohibition(words, preferences).text}</p>
${categories.length === 0 ? '' : choices(words, categories, true)}
${fields.length === 0 ? '' : details(words, fields, true)}`,
  )
}

/** Nothing in a fieldset that is disabled can be changed or is sent. */
const disabled = (isLocked: boolean) => (isLocked ? html` disabled` : '')

const choices = (
  words: PreferenceWording,
  categories: ListedCategory[],
  isLocked = false,
): Html => html`<fieldset${disabled(isLocked)}>
<legend>${words.categories}</legend>
${categories.map((category) => choice(words, category))}</fieldset>`

function choice(words: PreferenceWording, { key, title, description, isRequired, status }: ListedCategory): Html {
  const notes = [description, isRequired && words.required, status === 'pending' && words.pending].filter(
    (note) => note,
  )
  const checked = status === 'subscribed' ? ' checked' : ''
  const input = isRequired
    ? html`<input type="checkbox" id="on-${key}"${checked} disabled`
    : html`<input type="hidden" name="${names.shown}" value="${key}"><input type="checkbox" id="on-${key}" name="${names.on}" value="${key}"${checked}`
  return html`<label class="choice${isRequired ? ' locked' : ''}">${input} aria-describedby="about-${key}">
<b><bdi>${title}</bdi></b><small id="about-${key}">${notes.map((note) => html`<bdi>${note}</bdi> `)}</small></label>
`
}

const details = (
  words: PreferenceWording,
  fields: ListedField[],
  isLocked = false,
): Html => html`<fieldset${disabled(isLocked)}>
<legend>${words.fields}</legend>
${fields.map((field) => (field.type === 'boolean' ? ticked(field) : typed(words, field)))}</fieldset>`

const shownField = ({ key }: ListedField): Html => html`<input type="hidden" name="${names.shownField}" value="${key}">`

const ticked = (
  field: ListedField,
): Html => html`<label class="choice">${shownField(field)}<input type="checkbox" name="${names.field}${field.key}" value="yes"${field.value === true ? ' checked' : ''}>
<b><bdi>${field.name}</bdi></b></label>
`

const kindOf = ({ type }: ListedField): Html =>
  type === 'line'
    ? html`type="text" maxlength="${longestLine}"`
    : html`type="number" step="${type === 'integer' ? 1 : 'any'}"`

function typed(words: PreferenceWording, field: ListedField): Html {
  return html`<label class="typed">${shownField(field)}<b><bdi>${field.name}</bdi></b>${field.isRequired ? '' : html` <small>(${words.optional})</small>`}
<input ${kindOf(field)} name="${names.field}${field.key}" value="${field.value ?? ''}"${field.isRequired ? ' required' : ''}></label>
`
}

/** What was changed, or that nothing was. */
export interface Saved {
  on: ListedCategory[]
  off: ListedCategory[]
  fields: ListedField[]
}

export function savedPage(words: PreferenceWording, preferences: Preferences, { on, off, fields }: Saved): Html {
  const lines = [
    ...on.map(({ title }) => [title, words.on]),
    ...off.map(({ title }) => [title, words.off]),
    ...fields.map(({ name, value }) => [name, shownValue(words, value)]),
  ]
  const list = html`<p>${words.changed}</p>
<ul class="changes">
${lines.map(([name, now]) => html`<li><b><bdi>${name}</bdi></b>: <bdi>${now}</bdi></li>\n`)}</ul>`
  return resultPage(words, preferences, lines.length === 0 ? html`<p>${words.same}</p>` : list)
}

export const everythingOffPage = (words: PreferenceWording, preferences: Preferences): Html =>
  resultPage(words, preferences, html`<p>${words.everythingIsOff(preferences.resource)}</p>`)

const resultPage = (words: PreferenceWording, preferences: Preferences, content: Html): Html =>
  brandedPage(words.language, preferences, words.saved, html`${content}\n<p><a href="?">${words.back}</a></p>`)

function shownValue(words: PreferenceWording, value: ListedField['value']): string {
  if (value === null) return words.emptied
  if (typeof value === 'boolean') return value ? words.yes : words.no
  return typeof value === 'number' ? new Intl.NumberFormat(words.language).format(value) : value
}
