import { randomUUID } from 'node:crypto'
import { CancelledFailure, cancellationSignal, heartbeat } from '@temporalio/activity'
import type { Db } from '../db/connect.ts'
import { countDeliveries, stillDelivering, takeOver } from '../db/deliveries.ts'
import { dropOldEvents } from '../db/delivery-log.ts'
import { webhooksWithoutDeliverer } from '../db/webhooks.ts'
import { webhookTitle } from '../domain/webhook-url.ts'
import type { DeliverInput, DeliveryRound, WebhookRef } from '../workflows/contract.ts'
import { deliverUntil } from './deliver.ts'
import { workerStops } from './failures.ts'
import type { Guard } from './guarded-fetch.ts'

/** Also tells a cancellation, which comes with the answer. */
const heartbeatEveryMs = 5000

/** Two minutes without a sign is more than a round's end, a worker's restart or a slow database makes. */
const silentForSeconds = 120

export interface WebhookDeps {
  db: Db
  /** Where webhooks may lead. */
  guard: Guard
  /** Aborts when this process is told to stop: what is under way comes to its end, nothing more is posted. */
  stopping: AbortSignal
}

export const webhookActivities = ({ db, guard, stopping }: WebhookDeps) => ({
  /** For the sweep. What is more than it takes at once is left to the next one. */
  async dropOldEvents(): Promise<string> {
    return `${await dropOldEvents(db)} old events dropped`
  },

  /**
   * Posts what is due to one webhook, for as long as a round takes. Can be repeated: what was posted, and could not be
   * recorded, is posted again under the same id.
   */
  async deliverDue({ webhookId, roundSeconds }: DeliverInput): Promise<DeliveryRound> {
    const deliverer = { webhookId, token: randomUUID() }
    const progress = { delivered: 0, failedAttempts: 0 }
    await takeOver(db, deliverer)
    const cancelled = cancellationSignal()
    const turnOver = AbortSignal.timeout(roundSeconds * 1000)
    const beating = setInterval(() => {
      heartbeat(progress)
      // A database that does not answer is heard of by whoever asks what is due.
      stillDelivering(db, deliverer).catch(() => {})
    }, heartbeatEveryMs)
    try {
      const end = AbortSignal.any([cancelled, stopping, turnOver])
      const ended = await deliverUntil(end, { db, guard, deliverer, progress })
      if (cancelled.aborted) throw new CancelledFailure('the delivery was cancelled in Temporal')
      if (stopping.aborted && ended === null) throw workerStops()
      return { ...(await countDeliveries(db, webhookId)), ended }
    } finally {
      clearInterval(beating)
    }
  },

  /** Webhooks whose workflow may not run; only looks. */
  async webhooksToStart(): Promise<WebhookRef[]> {
    const webhooks = await webhooksWithoutDeliverer(db, silentForSeconds)
    return webhooks.map((webhook) => ({ webhookId: webhook.id, title: webhookTitle(webhook) }))
  },
})
