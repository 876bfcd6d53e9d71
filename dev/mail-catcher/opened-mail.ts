import PostalMime, { decodeWords } from 'postal-mime'
import type { MailEntry } from './store.ts'

/** A mail as a person or a test reads it. */
export interface OpenedMail {
  id: number
  at: string
  /** Envelope. */
  from: string
  to: string[]
  subject: string
  size: number
  /** In the order of the message, unfolded, names as written; encoded words are left as they are. */
  headers: { name: string; value: string }[]
  html: string | null
  text: string | null
}

export async function openMail(entry: MailEntry, raw: Buffer): Promise<OpenedMail> {
  const mail = await PostalMime.parse(raw)
  return {
    ...summary(entry),
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    html: mail.html ?? null,
    text: mail.text ?? null,
  }
}

/** One line of a list. */
export const summary = (entry: MailEntry) => ({
  id: entry.id,
  at: entry.at,
  from: entry.from,
  to: entry.to,
  subject: decodeWords(entry.subject),
  listId: decodeWords(entry.listId),
  size: entry.length,
})

/** The address that a mail client would post to when its own unsubscribe button is pressed (RFC 8058); or null. */
export function oneClickUrl(mail: OpenedMail): string | null {
  const header = (name: string) => mail.headers.find((h) => h.name.toLowerCase() === name)?.value
  if (header('list-unsubscribe-post')?.trim() !== 'List-Unsubscribe=One-Click') return null
  return /<(https?:\/\/[^>\s]+)>/i.exec(header('list-unsubscribe') ?? '')?.[1] ?? null
}
