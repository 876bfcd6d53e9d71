import { z } from 'zod'
import { keyPattern } from './category-key.ts'
import { asciiDomain } from './email-address.ts'

/** One line of free text with something to read in it. PostgreSQL holds no NUL, and a name no line break. */
export const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters')

/** Free text that may have several lines. */
export const paragraphs = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(2000, 'must have at most 2000 characters')
  // Control characters other than tab, line feed and carriage return.
  .regex(/^[^\p{Cc}]*(?:[\t\r\n][^\p{Cc}]*)*$/u, 'must hold no control characters')

/** What people and programs name something by; immutable. */
export const key = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(keyPattern, 'must be lower-case letters, digits and single hyphens')

/** At most 2000 characters: longer ones do not get through every proxy. */
export const longestUrl = 2000

/** A page's address. No `javascript:`, no `data:`; no name and password, which browsers hide and logs show. */
export const webUrl = z.string().refine(isWebUrl, 'must be an http or https URL of at most 2000 characters')

export function isWebUrl(written: string): boolean {
  if (written.length > longestUrl || !/^https?:\/\/[^\s\\\p{Cc}]+$/iu.test(written)) return false
  const url = URL.parse(written)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

/** A domain name in ASCII. */
export const domain = z.string().transform((written, context) => {
  const ascii = asciiDomain(written.trim())
  if (ascii !== null) return ascii
  context.addIssue({ code: 'custom', message: 'must be a domain name such as links.acme.example' })
  return z.NEVER
})

/** #rrggbb, in lower case. */
export const colour = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i, 'must be written as #rrggbb')
  .toLowerCase()

/** A list that names nothing twice. */
export const distinct = <Each extends z.ZodType>(each: Each, most: number) =>
  z
    .array(each)
    .max(most, `must have at most ${most} entries`)
    .transform((entries) => [...new Set(entries)])

/** What need not be given: absent and null are the same. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((given) => given ?? null)

/** What has a default: absent and null are that. */
export const otherwise = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((given) => given ?? value)
