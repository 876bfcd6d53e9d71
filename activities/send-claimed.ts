import type { CompiledCampaign, Outcome, OutgoingMessage, Transport } from '../channels/channel.ts'
import type { SendingCampaign } from '../db/campaigns.ts'
import type { Claimed } from '../db/claim.ts'
import type { Settlement } from '../db/settle.ts'
import type { Claims } from './claims.ts'
import type { SettlementWriter } from './settlement-writer.ts'

/** Why an attempt ends before its range does. */
export type Halt =
  | { kind: 'stopping' }
  | { kind: 'cancelled' }
  | { kind: 'unavailable'; response: string }
  | { kind: 'misconfigured'; response: string }

export interface Sending {
  campaign: SendingCampaign
  compiled: CompiledCampaign
  transport: Transport
  claims: Claims
  writer: SettlementWriter
  /** Ends the attempt: nothing more is claimed, what is under way is finished. */
  halt: (why: Halt) => void
}

/**
 * Sends to the claimed recipients until there are no more, as many at once as the transport can keep under way.
 * @returns when every message that was begun has its fate added to the writer.
 */
export async function sendClaimed(sending: Sending): Promise<void> {
  const unreachable = { inARow: 0 }
  const lane = async (): Promise<void> => {
    for (let next = await sending.claims.take(); next !== undefined; next = await sending.claims.take())
      await sendOne(sending, next, unreachable)
  }
  const lanes = await Promise.allSettled(Array.from({ length: sending.transport.capacity }, lane))
  const failed = lanes.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function sendOne(sending: Sending, recipient: Claimed, unreachable: { inARow: number }): Promise<void> {
  const message = compose(sending.compiled, recipient)
  if ('state' in message) return sending.writer.add(message)
  const outcome = await sending.transport.send(message)
  if (outcome.kind === 'unavailable' || outcome.kind === 'misconfigured')
    return serverTrouble(sending, recipient, outcome, unreachable)
  unreachable.inARow = 0
  await sending.writer.add(settlementOf(outcome, recipient, sending.campaign))
}

/** A template that fails on one recipient's data fails that recipient, not the campaign. */
function compose(compiled: CompiledCampaign, recipient: Claimed): OutgoingMessage | Settlement {
  try {
    return compiled.compose(recipient)
  } catch (error) {
    const response = error instanceof Error ? error.message.slice(0, 500) : String(error)
    return { seq: recipient.seq, state: 'failed', reason: 'template', code: null, response, addressIsDead: false }
  }
}

type Handed = Exclude<Outcome, { kind: 'unavailable' | 'misconfigured' }>

function settlementOf(outcome: Handed, { seq, attempts }: Claimed, campaign: SendingCampaign): Settlement {
  const { response } = outcome
  switch (outcome.kind) {
    case 'accepted':
      return { seq, state: 'sent', response, serverId: outcome.serverId }
    case 'refused':
      return {
        seq,
        state: 'failed',
        reason: 'refused',
        code: outcome.code,
        response,
        addressIsDead: outcome.addressIsDead,
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

/**
 * The server's trouble costs no recipient an attempt. A connection that the server closed while it was idle is no
 * reason to stop; when as many sends in a row have failed as would fill the transport twice, it is.
 */
async function serverTrouble(
  sending: Sending,
  { seq }: Claimed,
  outcome: Extract<Outcome, { kind: 'unavailable' | 'misconfigured' }>,
  unreachable: { inARow: number },
): Promise<void> {
  unreachable.inARow += 1
  if (outcome.kind === 'misconfigured' || unreachable.inARow > 2 * sending.transport.capacity) sending.halt(outcome)
  await sending.claims.giveBack(seq)
}
