import { hash } from 'node:crypto'

/** A consent event as its hash covers it. Ids are strings, bytes are hex, the rest is what PostgreSQL holds. */
export interface ChainedEvent {
  contactId: string
  /** 1, 2, 3 … within the contact. */
  number: number
  /** UTC with microseconds, `2030-01-31T09:00:00.123456Z`: a JavaScript Date would lose three digits. */
  at: string
  action: string
  through: string
  actor: string | null
  channel: string | null
  addressKey: string | null
  categoryId: string | null
  resourceId: string | null
  legalBasis: string | null
  explanation: string | null
  campaignId: string | null
  wording: string | null
  ip: string | null
  userAgent: string | null
  /** The hash of the event before; empty for the first. */
  previous: string
  /** SHA-256 of the bytes of `previous` and the canonical text. */
  hash: string
}

/** Where a chain ends. */
export interface ChainHead {
  events: number
  hash: string
}

/** `number`: the first event that is wrong; one more than there are when the end is. */
export type ChainVerdict = { ok: true } | { ok: false; number: number; why: string }

/** What of an event is hashed: the text that the SQL function `consent_event_hash` makes of it (migration 0008). */
export function canonicalEvent(event: Omit<ChainedEvent, 'previous' | 'hash'>): string {
  const fields = [
    event.contactId,
    String(event.number),
    event.at,
    event.action,
    event.through,
    event.actor,
    event.channel,
    event.addressKey,
    event.categoryId,
    event.resourceId,
    event.legalBasis,
    event.explanation,
    event.campaignId,
    event.wording,
    event.ip,
    event.userAgent,
  ]
  // As PostgreSQL writes jsonb: a space after each comma; strings are escaped as by JSON.stringify.
  return `[${fields.map((field) => JSON.stringify(field)).join(', ')}]`
}

/** In hex. */
export const eventHash = (event: Omit<ChainedEvent, 'hash'>): string =>
  hash('sha256', Buffer.concat([Buffer.from(event.previous, 'hex'), Buffer.from(canonicalEvent(event))]), 'hex')

/** Whether these are all events of a contact, in order and as they were recorded, up to a head that is trusted. */
export function verifyChain(contactId: string, events: readonly ChainedEvent[], head: ChainHead): ChainVerdict {
  let previous = ''
  for (const [index, event] of events.entries()) {
    const number = index + 1
    const why = damageOf(event, { contactId, number, previous })
    if (why !== null) return { ok: false, number, why }
    previous = event.hash
  }
  if (head.events === events.length && head.hash === previous) return { ok: true }
  const why = `the chain ends with ${head.events} events and another hash than these: events are missing at its end, or the end was changed`
  return { ok: false, number: events.length + 1, why }
}

function damageOf(event: ChainedEvent, expected: { contactId: string; number: number; previous: string }) {
  if (event.contactId !== expected.contactId) return `it is of contact ${event.contactId}`
  if (event.number !== expected.number)
    return `it carries the number ${event.number}: one is missing, or was put in or moved`
  if (event.previous !== expected.previous) return 'it does not continue the event before'
  return event.hash === eventHash(event) ? null : 'its fields are not those that were hashed'
}
