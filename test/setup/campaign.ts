import type { CampaignContent, CompiledCampaign, OutgoingMessage, Recipient, Sender } from '../../channels/channel.ts'

/** A sender, a campaign and a recipient to begin with: a test names what it changes. */
export const senderLike = (changes: Partial<Sender> = {}): Sender => ({
  name: 'Example News',
  fromName: 'Zoë from Example',
  fromAddress: 'news@example.org',
  replyToName: null,
  replyTo: 'answers+news@example.org',
  listLabel: 'Weekly, News',
  listId: 'weekly.example.org',
  listUnsubscribe: true,
  dkim: null,
  ...changes,
})

export const campaignLike = (changes: Partial<CampaignContent> = {}): CampaignContent => ({
  campaignId: '42',
  campaignKey: 'spring',
  sender: senderLike(),
  defaultLanguage: 'en',
  content: new Map([
    [
      'en',
      {
        subject: 'Hello {{ contact.first_name | default: "friend" }}',
        text: 'Hello {{ contact.first_name }}\nLeave: {{ unsubscribe_url }}\n',
        html: '<p>Hello {{ contact.first_name }}</p>\n<a href="{{ unsubscribe_url }}">Leave</a>\n',
      },
    ],
  ]),
  publicUrl: 'https://mail.example.org',
  subscriptionDefaults: {},
  ...changes,
})

export const recipientLike = (changes: Partial<Recipient> = {}): Recipient => ({
  seq: 7,
  contactId: '1001',
  address: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Lovelace',
  externalId: 'a-1',
  language: 'en',
  timeZone: 'Europe/London',
  attributes: {},
  ...changes,
})

/** A message that nobody signs is there at once. */
export function composeUnsigned(compiled: CompiledCampaign, recipient: Partial<Recipient> = {}): OutgoingMessage {
  const message = compiled.compose(recipientLike(recipient))
  if (message instanceof Promise) throw new Error('an unsigned message is no promise')
  return message
}
