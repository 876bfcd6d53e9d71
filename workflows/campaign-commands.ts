import { ApplicationFailure, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow'
import type { CampaignCommand } from '../domain/campaign-state.ts'
import { command } from './campaign-activities.ts'
import { progressOf, publish } from './campaign-page.ts'
import { apply, type CampaignRun } from './campaign-run.ts'
import {
  type CampaignDescription,
  type CommandInput,
  campaignUpdates,
  type Progress,
  progressQuery,
  type RescheduleInput,
  refusedFailure,
} from './contract.ts'

const progress = defineQuery<Progress>(progressQuery)
const updates = {
  pause: defineUpdate<CampaignDescription, [CommandInput]>(campaignUpdates.pause),
  resume: defineUpdate<CampaignDescription, [CommandInput]>(campaignUpdates.resume),
  sendNow: defineUpdate<CampaignDescription, [CommandInput]>(campaignUpdates.sendNow),
  cancel: defineUpdate<CampaignDescription, [CommandInput]>(campaignUpdates.cancel),
  reschedule: defineUpdate<CampaignDescription, [RescheduleInput]>(campaignUpdates.reschedule),
}

const descriptions: Record<CampaignCommand, string> = {
  pause: 'Stop sending within one claim, or hold a campaign that waits. Input: {"by": "you", "reason": "why"}',
  resume: 'Go on where a pause stopped. Input: {"by": "you"}',
  sendNow: 'Send at once instead of at the hour scheduled. Input: {"by": "you"}',
  cancel: 'End the campaign for good; who has not been sent to is skipped. Input: {"by": "you", "reason": "why"}',
  reschedule: 'Send at another time. Input: {"by": "you", "sendAt": "2030-01-31T09:00:00+01:00"}',
}

/** Lets people steer the campaign: through the client, the command line, or the buttons of the Temporal UI. */
export function handleCommands(run: CampaignRun): void {
  setHandler(progress, () => progressOf(run), { description: 'Where the campaign stands, as JSON' })
  const simple = ['pause', 'resume', 'sendNow', 'cancel'] as const
  for (const name of simple)
    setHandler(updates[name], (input) => carryOut(run, name, input), {
      validator: requireBy,
      description: descriptions[name],
    })
  setHandler(updates.reschedule, (input) => carryOut(run, 'reschedule', input), {
    validator: requireSendAt,
    description: descriptions.reschedule,
  })
}

/** Postgres decides: the row's state says whether the command can be obeyed, and is what the senders look at. */
async function carryOut(
  run: CampaignRun,
  name: CampaignCommand,
  input: CommandInput | RescheduleInput,
): Promise<CampaignDescription> {
  apply(run, await command.commandCampaign({ campaignId: run.description.campaignId, command: name, ...input }))
  publish(run)
  return run.description
}

function requireBy(input: CommandInput): void {
  if (typeof input?.by !== 'string' || input.by.trim() === '')
    throw refused('by: must name who gives the command. Send {"by": "your name"}.')
}

function requireSendAt(input: RescheduleInput): void {
  requireBy(input)
  if (typeof input.sendAt !== 'string' || Number.isNaN(Date.parse(input.sendAt)))
    throw refused('sendAt: must be an ISO 8601 time with an offset. Send {"sendAt": "2030-01-31T09:00:00+01:00"}.')
}

const refused = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, refusedFailure)
