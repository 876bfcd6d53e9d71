import { heartbeat } from '@temporalio/activity'
import type { Db } from '../db/connect.ts'
import { unsubscribeState } from '../db/pending-unsubscribe.ts'
import {
  cancelUnsubscribe,
  confirmUnsubscribe,
  settleDueUnsubscribe,
  settleOverdueUnsubscribes,
} from '../db/settle-unsubscribe.ts'
import type { SettleInput, UnsubscribeStatus } from '../workflows/contract.ts'

/** As large as keeps one transaction, and the locks that it holds, well below a second or two. */
const batch = 1000

/** What becomes of delayed unsubscribes. All of it can be repeated: a row that is settled stays as it is. */
export const unsubscribeActivities = ({ db }: { db: Db }) => ({
  async settleUnsubscribe(input: SettleInput): Promise<Omit<UnsubscribeStatus, 'dueAt'>> {
    await settle(db, input)
    const { state, through } = (await unsubscribeState(db, input.id)) ?? { state: 'gone' as const, through: null }
    return { state, through }
  },

  /** What workflows have not settled: none was started, or no worker had the time. */
  async settleOverdueUnsubscribes(): Promise<string> {
    let settled = 0
    for (let some = batch; some === batch; settled += some) {
      some = await settleOverdueUnsubscribes(db, batch)
      heartbeat()
    }
    return `${settled} overdue unsubscribes settled`
  },
})

function settle(db: Db, { id, wish, by }: SettleInput): Promise<boolean> {
  switch (wish) {
    case 'timer':
      return settleDueUnsubscribe(db, id)
    case 'cancel':
      return cancelUnsubscribe(db, id, 'operator')
    case 'confirm':
      return confirmUnsubscribe(db, id, { through: 'operator', actor: by, wording: null, ip: null, userAgent: null })
  }
}
