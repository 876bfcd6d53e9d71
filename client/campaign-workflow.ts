import {
  type Client,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client'
import type { CampaignRow } from '../db/campaigns.ts'
import type { CampaignCommand } from '../domain/campaign-state.ts'
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
 * Starts the campaign's workflow unless it runs or has run to its end. The id is the campaign's: of two starters one
 * finds the other's. One that was terminated, lost with Temporal's database, or ended before an operator had more
 * sent, is started again and goes on from the rows.
 */
export async function ensureCampaignWorkflow(client: Client, campaign: CampaignRow): Promise<void> {
  if (campaign.finishedAt !== null) return
  const input: CampaignInput = { campaignId: campaign.id }
  const options = {
    workflowId: campaignWorkflowId(campaign.id),
    taskQueue: taskQueues.core,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    // The row has said above whether there is anything left to do.
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: summaryOf(campaign),
    staticDetails: staticDetails(campaign),
  }
  await client
    .withDeadline(Date.now() + deadlineMs, () => client.workflow.start('campaign', options))
    .catch((error: unknown) => {
      throw new Unavailable(
        `Campaign ${campaign.key} is recorded, but Temporal did not start its workflow`,
        'Schedule it again with the same key when Temporal answers: that starts this same campaign.',
        error,
      )
    })
}

/** At most 400 bytes are taken. */
const summaryOf = ({ title, key }: CampaignRow): string => (title === key ? key : `${title} (${key})`).slice(0, 100)

const staticDetails = (campaign: CampaignRow): string =>
  [
    `Campaign **${campaign.key}** of resource **${campaign.resourceKey}**.`,
    '',
    'Pause, resume, reschedule, send now or cancel it with the updates of those names; the query `progress` and the',
    'current details say where it stands. The ledger in Postgres says what became of each recipient:',
    '',
    `\`addressee campaigns show ${campaign.key}\``,
    // The page cuts off the last line.
    '',
    '\u00a0',
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
    // The row refused it what it had granted to us a moment before: it is over, and that is known.
    if (error instanceof WorkflowUpdateFailedError) return
    // Ended with the campaign, or never started, terminated, lost: then it is started again and reads the row.
    if (error instanceof WorkflowNotFoundError) return ensureCampaignWorkflow(client, campaign)
    throw new Unavailable(
      `Campaign ${campaign.key} is changed in the database, which its senders obey, but its workflow could not be told`,
      'Repeat the command when Temporal and a worker are up: the Temporal UI shows the old state until then.',
      error,
    )
  }
}
