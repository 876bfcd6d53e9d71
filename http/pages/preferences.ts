import type { Context } from 'hono'
import { type Preferences, preferencesOf } from '../../db/preferences.ts'
import { savePreferences } from '../../db/save-preferences.ts'
import { type UnsubscribeOutcome, unsubscribe } from '../../db/unsubscribe.ts'
import { type PreferenceWording, preferenceWordings } from '../../domain/wording/preferences.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { answerBranded } from './branded-page.ts'
import { type FormFault, readForm } from './form.ts'
import { refuseToken } from './link.ts'
import { prohibition } from './mode-pages.ts'
import { pageAct } from './page-act.ts'
import { readPreferences } from './preference-form.ts'
import { everythingOffPage, lockedPage, preferencePage, savedPage } from './preference-page.ts'
import { answerProblem, type Problem, problems } from './problem.ts'
import { languageOf, shownWording, wordingOf } from './reader.ts'

type TokenContext = Context<HttpEnv, '/p/:token'>

/** GET and HEAD: shows what the contact subscribes to, and changes nothing. */
export const showPreferences =
  ({ db, tokens, log }: EdgeDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'preferences')
    if (!verified.ok) return refuseToken(c, log, verified.why)
    const preferences = await preferencesOf(db, verified.claims)
    if (preferences === undefined) return answerProblem(c, problems.gone(wordingOf(c)))
    const words = wordsFor(c, preferences)
    const isLocked = preferences.mode === 'prohibited'
    return answerBranded(c, preferences, (isLocked ? lockedPage : preferencePage)(words, preferences))
  }

/** POST: saves what differs from what is so; nothing where unsubscribing is prohibited. */
export const postPreferences =
  ({ db, tokens, log, clientAddress }: EdgeDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'preferences')
    if (!verified.ok) return refuseToken(c, log, verified.why)
    const form = await readForm(c)
    if (typeof form === 'string') return refuseForm(c, form)
    const { claims } = verified
    const preferences = await preferencesOf(db, claims)
    if (preferences === undefined) return answerProblem(c, problems.gone(wordingOf(c)))
    const words = wordsFor(c, preferences)
    if (preferences.mode === 'prohibited') return refuseProhibited(c, words, preferences)
    const read = shownWording(c) === null ? { kind: 'unreadable' as const } : readPreferences(form, preferences)
    log.info({ ...claims, kind: read.kind }, 'preferences')
    switch (read.kind) {
      case 'unreadable':
        return refuseForm(c, 'broken', preferences)
      case 'bad_field':
        return answerProblem(c, problemOf(words, 400, words.badField(read.field.name, read.field.type)))
      case 'everything_off':
        return switchedOff(
          c,
          preferences,
          await unsubscribe(db, claims, pageAct(c, clientAddress), { kind: 'resource' }),
        )
      case 'save':
        return save(c, words, await savePreferences(db, claims, read.form, pageAct(c, clientAddress)))
    }
  }

function save(c: Context, words: PreferenceWording, saved: Awaited<ReturnType<typeof savePreferences>>) {
  switch (saved.kind) {
    case 'gone':
      return answerProblem(c, problems.gone(wordingOf(c)))
    case 'prohibited':
      return refuseProhibited(c, words, saved.was)
    case 'outdated':
      return answerProblem(c, problemOf(words, 400, words.outdated))
    case 'saved':
      return answerBranded(c, saved.was, savedPage(words, saved.was, saved))
  }
}

function switchedOff(c: Context, preferences: Preferences, outcome: UnsubscribeOutcome) {
  const words = wordsFor(c, preferences)
  switch (outcome.kind) {
    case 'gone':
      return answerProblem(c, problems.gone(wordingOf(c)))
    case 'prohibited':
      return refuseProhibited(c, words, outcome.scope)
    case 'unsubscribed':
    case 'already':
      return answerBranded(c, preferences, everythingOffPage(words, preferences))
  }
}

const refuseProhibited = (c: Context, words: PreferenceWording, scope: Parameters<typeof prohibition>[1]) =>
  answerProblem(c, problemOf(words, 403, prohibition(words, scope)))

const statusOf = { too_large: 413, wrong_type: 415, broken: 400 } as const satisfies Record<FormFault, number>

const refuseForm = (c: Context, fault: FormFault, preferences?: Preferences) => {
  const words = preferenceWordings[languageOf(c, preferences?.language)]
  return answerProblem(c, problemOf(words, statusOf[fault], words.faults[fault]))
}

const problemOf = (
  { language }: PreferenceWording,
  status: Problem['status'],
  text: Pick<Problem, 'heading' | 'text'>,
): Problem => ({ status, language, ...text })

const wordsFor = (c: Context, { language }: Preferences): PreferenceWording =>
  preferenceWordings[languageOf(c, language)]
