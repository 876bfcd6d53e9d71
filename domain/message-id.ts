/**
 * The Message-ID of one recipient's message (RFC 5322 3.6.4). It depends on the ledger row alone: a message that
 * is sent again after a crash carries the id it had, and receivers can tell.
 * @param domain the sender's, in ASCII.
 */
export const messageIdOf = (campaignId: string, seq: number, domain: string): string =>
  `<campaign-${campaignId}.recipient-${seq}@${domain}>`
