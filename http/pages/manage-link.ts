import { html } from 'hono/html'
import type { TokenClaims, Tokens } from '../../domain/link-token.ts'
import type { Language } from '../../domain/wording/language.ts'
import { preferenceWordings } from '../../domain/wording/preferences.ts'
import type { Html } from './page.ts'

/** Leads from a page at `/u/<token>` to the preference page of the same message. */
export const manageLink = (language: Language, tokens: Tokens, claims: TokenClaims): Html =>
  html`<p class="note"><a href="../p/${tokens.sign({ ...claims, scope: 'preferences' })}">${preferenceWordings[language].manage}</a></p>`
