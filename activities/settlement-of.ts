import type { Outcome } from '../channels/channel.ts'
import type { SendingCampaign } from '../db/campaigns.ts'
import type { Claimed } from '../db/claim.ts'
import type { Settlement } from '../db/settle.ts'

/** What became of a message that was handed over, or that the server judged. */
export type Handed = Exclude<Outcome, { kind: 'unavailable' | 'misconfigured' }>

/** How the ledger records it. */
export function settlementOf(outcome: Handed, { seq, attempts }: Claimed, campaign: SendingCampaign): Settlement {
  const { response } = outcome
  switch (outcome.kind) {
    case 'accepted':
      return { seq, state: 'sent', response, serverId: outcome.serverId }
    case 'refused': {
      const { code, addressIsDead } = outcome
      return { seq, state: 'failed', reason: 'refused', code, response, addressIsDead }
    }
    case 'deferred':
      return deferred(seq, attempts, campaign, outcome.code, response)
    case 'uncertain':
      if (campaign.onUncertain === 'hold') return { seq, state: 'unknown', response }
      return deferred(seq, attempts, campaign, null, response)
  }
}

/** Tried again after the delay that the campaign has for this attempt; after the last one it has failed. */
function deferred(
  seq: number,
  attempts: number,
  campaign: SendingCampaign,
  code: number | null,
  response: string,
): Settlement {
  const delaySeconds = campaign.retryDelaysSeconds[attempts - 1]
  if (delaySeconds !== undefined) return { seq, state: 'queued', code, response, delaySeconds }
  return { seq, state: 'failed', reason: 'deferred_too_often', code, response, addressIsDead: false }
}

/** A template that fails on one recipient's data, or a signature, fails that recipient, not the campaign. */
export function templateFailed({ seq }: Claimed, error: unknown): Settlement {
  const response = error instanceof Error ? error.message.slice(0, 500) : String(error)
  return { seq, state: 'failed', reason: 'template', code: null, response, addressIsDead: false }
}
