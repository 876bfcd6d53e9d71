import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client'
import type { CampaignRow } from '../db/campaigns.ts'
import { type CampaignCommand, isOver } from '../domain/campaign-state.ts'
import { Unavailable } from '../domain/refusal.ts'
import {
  type CampaignDescription,
  type CampaignInput,
  type CommandInput,
  campaignUpdates,
  campaignWorkflowId,
  type RescheduleInput,
  taskQueues,
} from '../workflows/contract.ts'

// Without a deadline a call waits for ever when no worker runs.
const deadlineMs = 5000

/**
 * Starts the campaign's workflow unless it has been started. The id is the campaign's: of two starters one finds
 * the other's, and of a finished campaign no second workflow can begin.
 */
export async function ensureCampaignWorkflow(client: Client, campaign: CampaignRow): Promise<void> {
  if (isOver(campaign.state)) return
  const input: CampaignInput = { campaignId: campaign.id }
  const start = client.workflow.start('campaign', {
    workflowId: campaignWorkflowId(campaign.id),
    taskQueue: taskQueues.core,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    staticSummary: `${campaign.title} (${campaign.key})`.slice(0, 200),
    staticDetails: staticDetails(campaign),
  })
  await client
    .withDeadline(Date.now() + deadlineMs, () => start)
    .catch((error: unknown) => {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return
      throw new Unavailable(
        `Campaign ${campaign.key} is recorded, but Temporal did not start its workflow`,
        'Schedule it again with the same key when Temporal answers: that starts this same campaign.',
        error,
      )
    })
}

const staticDetails = (campaign: CampaignRow): string =>
  [
    `Campaign **${campaign.key}** of resource **${campaign.resourceKey}**.`,
    '',
    'Pause, resume, reschedule, send now or cancel it with the updates of those names; the query `progress` and the',
    'current details say where it stands. The ledger in Postgres says what became of each recipient:',
    `\`addressee campaigns show ${campaign.key}\`.`,
  ].join('\n')

/**
 * Tells a running workflow what Postgres has decided already.
 * @throws {Unavailable} when it could not be told: the decision holds nevertheless.
 */
export async function tellCampaign(
  client: Client,
  campaign: CampaignRow,
  command: CampaignCommand,
  input: CommandInput | RescheduleInput,
): Promise<void> {
  const handle = client.workflow.getHandle(campaignWorkflowId(campaign.id))
  try {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      handle.executeUpdate<CampaignDescription, [CommandInput | RescheduleInput]>(campaignUpdates[command], {
        args: [input],
      }),
    )
  } catch (error) {
    // Over already: the row said the same to it that it says to us.
    if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return
    throw new Unavailable(
      `Campaign ${campaign.key} is changed in the database, which its senders obey, but its workflow could not be told`,
      'Repeat the command when Temporal and a worker are up: the Temporal UI shows the old state until then.',
      error,
    )
  }
}
