import { setTimeout as sleep } from 'node:timers/promises'
import { totalOf } from '../../domain/fate.ts'
import type { Installation } from './installation.ts'

export interface SumWatch {
  looks: () => number
  /** @returns at how many looks the fates did not sum to the audience. */
  stop: () => Promise<number>
}

/** Often, and yet a small part of what the database has to do. */
const everyMs = 100

/** Looks at a campaign again and again. While the database is away nothing can be seen. */
export function watchSums({ addressee }: Installation, key: string): SumWatch {
  let isWatching = true
  let looks = 0
  let wrong = 0
  const look = async (): Promise<void> => {
    const campaign = await addressee.campaigns.get(key).catch(() => null)
    if (campaign === null || campaign.audience === null) return
    looks += 1
    if (totalOf(campaign.counts) !== campaign.audience) wrong += 1
  }
  const watching = (async () => {
    for (; isWatching; await sleep(everyMs)) await look()
  })()
  return {
    looks: () => looks,
    stop: async () => {
      isWatching = false
      await watching
      return wrong
    },
  }
}
