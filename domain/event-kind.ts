/**
 * What other systems are told of, by webhooks. One change may be several events: whoever unsubscribes from a category
 * has changed a subscription too.
 */
export const eventKinds = [
  'subscription.changed',
  'channel.unsubscribed',
  'campaign.finished',
  'campaign.paused',
  'campaign.cancelled',
  'recipient.sent',
  'recipient.failed',
] as const
export type EventKind = (typeof eventKinds)[number]
