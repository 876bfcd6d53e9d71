import type { Db } from '../db/connect.ts'
import { type ConsentHistory, consentHistory, provenContacts } from '../db/consent-history.ts'
import { type TitledConsent, titledConsents } from '../db/consents.ts'
import { databaseNow } from '../db/now.ts'
import { channel } from '../db/schedule-campaign.ts'
import { type ConsentDocument, signConsentDocument } from '../domain/consent-document.ts'
import { consentKey } from '../domain/consent-key.ts'
import { findWording } from '../domain/wording/texts.ts'
import { onlyOne, someContacts } from './named-contacts.ts'
import { version } from './version.ts'

/** What a contact agreed to, refused and withdrew, event by event, and what it comes to. */
export interface ContactConsent extends ConsentHistory {
  /** For each category as of now; none for an erased contact. */
  consents: TitledConsent[]
}

/** @throws {Refusal} when neither a contact has the name nor the history an erased one. */
export async function contactConsent(db: Db, contact: string): Promise<ContactConsent[]> {
  const ids = someContacts(contact, await provenContacts(db, contact))
  return Promise.all(ids.map((id) => consentOfOne(db, id)))
}

async function consentOfOne(db: Db, contactId: string): Promise<ContactConsent> {
  const history = await consentHistory(db, contactId)
  return { ...history, consents: history.isErased ? [] : await titledConsents(db, contactId, channel) }
}

/**
 * @param secret signs: the first of ADDRESSEE_SECRET.
 * @throws {Refusal} when no contact, or more than one, has the name.
 */
export async function exportContactConsent(db: Db, contact: string, secret: string): Promise<ConsentDocument> {
  const id = onlyOne(contact, await provenContacts(db, contact))
  const { addresses, events, head } = await consentHistory(db, id)
  const document = {
    kind: 'addressee consent history' as const,
    version: 1 as const,
    createdAt: (await databaseNow(db)).toISOString(),
    software: `addressee ${version()}`,
    contact: { id, addresses },
    events,
    wordings: wordingsOf(events),
    head,
  }
  return signConsentDocument(document, consentKey(secret))
}

function wordingsOf(events: ConsentHistory['events']): ConsentDocument['wordings'] {
  const texts = events.flatMap(({ wording }) => (wording === null ? [] : (findWording(wording) ?? [])))
  return Object.fromEntries(texts.map(({ version, pages }) => [version, pages]))
}
