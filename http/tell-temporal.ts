import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { LazyTemporal } from '../client/temporal.ts'

/** Work for Temporal that nobody waits for. */
export type TellTemporal = (work: (client: Client) => Promise<void>) => void

/**
 * After the commit, and behind the answer: what the person decided stands, and the sweep sees to it that it is carried
 * out. Temporal away is a line in the log.
 */
export const createTellTemporal =
  (temporal: LazyTemporal, log: Logger): TellTemporal =>
  (work) =>
    void temporal
      .get()
      .then(work)
      .catch((error: unknown) => log.warn({ err: error }, 'temporal was not told'))
