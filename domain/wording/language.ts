export const languages = ['en', 'de', 'uk', 'es'] as const
export type Language = (typeof languages)[number]

export const isLanguage = (tag: string | undefined): tag is Language =>
  (languages as readonly (string | undefined)[]).includes(tag)
