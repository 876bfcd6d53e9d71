import { createHmac, randomBytes } from 'node:crypto'

// Standard Webhooks (https://www.standardwebhooks.com), symmetric signatures: `v1`.

const prefix = 'whsec_'

/** A new secret: `whsec_` and 32 random bytes in base64 (the specification asks for 24 to 64). */
export const newWebhookSecret = (): string => prefix + randomBytes(32).toString('base64')

export interface WebhookMessage {
  /** The same at every attempt: receivers know by it what they have had. */
  id: string
  /** When this attempt is made; receivers refuse what is old. */
  at: Date
  body: string
}

/**
 * The three headers that prove a message to its receiver.
 * @param secrets several while one is replaced: each signs, and the receiver is content with any.
 */
export function signatureHeaders({ id, at, body }: WebhookMessage, secrets: readonly string[]) {
  const timestamp = Math.floor(at.getTime() / 1000).toString()
  const signature = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`).join(' ')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

const sign = (secret: string, content: string): string =>
  createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64'))
    .update(content)
    .digest('base64')
