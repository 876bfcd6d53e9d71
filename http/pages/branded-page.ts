import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Language } from '../../domain/wording/language.ts'
import { brandedStyle } from './branded-style.ts'
import { answerPage, type Html, type Policy, page, securityPolicy } from './page.ts'

/** On whose behalf a page speaks. */
export interface Brand {
  /** The name of the resource. */
  resource: string
  /** `#rrggbb`; null: none was chosen. */
  colour: string | null
}

/** A page under a band with the resource's name in its colour. */
export const brandedPage = (language: Language, { resource, colour }: Brand, heading: string, content: Html): Html =>
  page(
    language,
    `${heading} · ${resource}`,
    html`<p class="brand"><bdi>${resource}</bdi></p>
<h1>${heading}</h1>
${content}`,
    brandedStyle(colour),
  )

/** The policy of the answer allows the style in the resource's colour. @param policy what else of it the page needs. */
export function answerBranded(
  c: Context,
  { colour }: Pick<Brand, 'colour'>,
  whole: Html,
  policy: Pick<Policy, 'script' | 'leadsTo'> = {},
) {
  c.header('Content-Security-Policy', securityPolicy({ ...policy, style: brandedStyle(colour) }))
  return answerPage(c, whole)
}
