/** What a channel needs to know of the sender: a resource, without its database columns. */
export interface Sender {
  name: string
  fromName: string
  fromAddress: string
  /** Of no use without the address beside it. */
  replyToName: string | null
  replyTo: string | null
  listLabel: string
  listId: string
  /** False: its mail carries no header that unsubscribes. */
  listUnsubscribe: boolean
  dkim: { domain: string; selector: string; privateKey: string } | null
}

/** One language's content of a message. `html` null: the message is plain text. */
export interface Content {
  subject: string
  html: string | null
  text: string
}

/** Everything that is the same for every recipient of a campaign. */
export interface CampaignContent {
  campaignId: string
  campaignKey: string
  sender: Sender
  defaultLanguage: string
  /** By language tag, lower case. Holds at least the default language. */
  content: ReadonlyMap<string, Content>
  /** Where the edge answers, without a slash at the end. */
  publicUrl: string
  /** What stands for a custom field of a subscription that has no value. */
  subscriptionDefaults: Readonly<Record<string, unknown>>
}

/** The person behind one ledger row, as templates see them. */
export interface Recipient {
  seq: number
  contactId: string
  address: string
  firstName: string | null
  lastName: string | null
  externalId: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, unknown>
  /** Custom fields of the subscription; absent where the resource defines none. */
  subscription?: Readonly<Record<string, unknown>>
}

/** One message, ready for the wire. */
export interface OutgoingMessage {
  from: string
  to: string
  /** The whole message with CRLF line ends, as it follows DATA (before dot stuffing). A string holds only ASCII. */
  raw: Buffer | string
}

/**
 * What became of one message handed to the transport. Closed: whoever reads it handles every case.
 * - `accepted`: the server took responsibility.
 * - `refused`: it never will, for this recipient or this message.
 * - `deferred`: it would not now, for this recipient; try again later.
 * - `unavailable`: nobody was there to refuse; nothing was handed over.
 * - `misconfigured`: the server refuses us, not the recipient (authentication, policy at connect).
 * - `uncertain`: the message was handed over, and the answer never came.
 */
export type Outcome =
  | { kind: 'accepted'; serverId: string | null; response: string }
  | { kind: 'refused'; code: number; response: string; addressIsDead: boolean }
  | { kind: 'deferred'; code: number | null; response: string }
  | { kind: 'unavailable'; response: string }
  | { kind: 'misconfigured'; code: number | null; response: string }
  | { kind: 'uncertain'; response: string }

/** A campaign compiled once; only what differs between recipients is done here, message by message. */
export interface CompiledCampaign {
  /**
   * A promise only where something is waited for, such as a signature made on another core. Whoever calls looks which
   * it is.
   * @throws or rejects when the template fails on this recipient's data, or the signature fails: the recipient is
   * `failed`, the others go on.
   */
  compose: (recipient: Recipient) => OutgoingMessage | Promise<OutgoingMessage>
}

/** The mail that asks somebody to confirm a subscription (double opt-in). */
export interface OptInNotice {
  requestId: string
  /** 1: the first mail; 2: the reminder. */
  number: 1 | 2
  sender: Sender
  to: Pick<Recipient, 'contactId' | 'address' | 'firstName' | 'lastName' | 'language'>
  /** What is to be confirmed, as people read it. */
  category: string
  /** Where the edge answers, without a slash at the end. */
  publicUrl: string
}

export interface Transport {
  /** What sending limits know the server by: its host name. */
  readonly provider: string
  /** How many connections it may open. */
  readonly connections: number
  /** How many have a message under way. */
  connectionsInUse: () => number
  /** How many messages under way at once keep every connection busy; more of them wait for their turn. */
  readonly capacity: number
  /** Settles when the fate of the message is known. Never rejects: every ending is an outcome. */
  send: (message: OutgoingMessage) => Promise<Outcome>
  /** Waits for nothing: whoever closes has let its messages finish. */
  close: () => void
}

/** How a message leaves. */
export interface Channel {
  compile: (campaign: CampaignContent) => CompiledCampaign
  /** @throws Refusal for a sender that cannot send. */
  composeOptIn: (notice: OptInNotice) => OutgoingMessage | Promise<OutgoingMessage>
  transport: Transport
}
