import { type ChainCheck, checkChains } from '../db/check-consent.ts'
import type { Connection } from '../db/connect.ts'
import { type ConsentVerification, verifyConsentDocument } from '../domain/consent-document.ts'
import { consentKey, type PublicKey } from '../domain/consent-key.ts'
import { type WordingText, wordingText } from '../domain/wording/texts.ts'

/** The history of consent as proof. A contact's own is with `contacts`. */
export class Consent {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Checks an exported history; asks neither the database nor anything else.
   * @param key public key (PEM) or fingerprint, from where the installation published it.
   */
  verify(document: unknown, key?: string): ConsentVerification {
    return verifyConsentDocument(document, key)
  }

  /** To be published. @param secret the first of ADDRESSEE_SECRET. */
  key(secret: string): PublicKey {
    return consentKey(secret).publicKey
  }

  /** The words that a version stands for, as events name it. @throws {Refusal} for one that this release does not show. */
  wording(version: string): WordingText {
    return wordingText(version)
  }

  /** Walks every chain of the database. @param onPage called now and then with what was found so far. */
  check(onPage?: (sofar: ChainCheck) => void): Promise<ChainCheck> {
    return checkChains(this.#database.db, onPage)
  }
}
