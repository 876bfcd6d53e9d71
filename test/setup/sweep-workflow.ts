import { startMissingWebhooks } from '../../workflows/start-webhooks.ts'

/** A sweep as a workflow has it, once. */
export const sweepOnce = (): Promise<string> => startMissingWebhooks()
