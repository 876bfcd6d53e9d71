import type { Channel } from '../channels/channel.ts'
import type { Db } from '../db/connect.ts'
import {
  markMailed,
  nextOptInStep,
  type OptInStep,
  optInMail,
  optInsWithoutMail,
  settleExpiredOptIns,
  withdrawOptIn,
} from '../db/opt-ins.ts'
import type { OptInInput } from '../workflows/contract.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { smtpUnavailable } from './failures.ts'

/** What the workflow of a double opt-in does. All of it can be repeated: the row decides. */
export const optInActivities = ({ db, channel, publicUrl }: DispatchDeps) => ({
  async nextOptInStep({ requestId }: OptInInput): Promise<OptInStep> {
    return nextOptInStep(db, requestId)
  },

  /** For the sweep: ends what nobody confirmed in time, also where no workflow runs. */
  async settleExpiredOptIns(): Promise<string> {
    return `${await settleExpiredOptIns(db)} requests to confirm have expired`
  },

  /** For the sweep: requests whose workflow has to be started. */
  async optInsWithoutMail(): Promise<string[]> {
    return optInsWithoutMail(db)
  },

  /** Sends the mail unless the server took it before: what was sent is marked in the row. */
  async mailOptIn({ requestId, number }: OptInInput & { number: 1 | 2 }): Promise<void> {
    const mail = await optInMail(db, requestId, number)
    if (mail === null) return
    if (!mail.sendable) return void (await withdrawOptIn(db, requestId))
    const { sender, category, ...to } = mail
    const message = await channel.composeOptIn({ requestId, number, sender, to, category, publicUrl })
    await settle(db, { requestId, number }, await channel.transport.send(message))
  },
})

type Sent = Awaited<ReturnType<Channel['transport']['send']>>

async function settle(db: Db, { requestId, number }: OptInInput & { number: 1 | 2 }, outcome: Sent): Promise<void> {
  switch (outcome.kind) {
    case 'accepted':
    // Perhaps it took the mail: the reminder comes in any case, a second copy would be one on a guess.
    case 'uncertain':
      return markMailed(db, requestId, number)
    case 'refused':
      await withdrawOptIn(db, requestId)
      return
    case 'deferred':
    case 'unavailable':
    case 'misconfigured':
      throw smtpUnavailable(withoutAddresses(outcome.response))
  }
}

/** A failure is kept in the history, where no address may be; servers like to repeat the one that they refuse. */
const withoutAddresses = (response: string): string => response.replaceAll(/[^\s<>"'(:]+@[^\s<>"'):;,]+/g, '(address)')
