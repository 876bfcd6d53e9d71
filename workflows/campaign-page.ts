import { defineSearchAttributeKey } from '@temporalio/common'
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { fates, totalOf } from '../domain/fate.ts'
import type { CampaignRun } from './campaign-run.ts'
import type { Progress } from './contract.ts'

// What an operator sees in the Temporal UI: the details page, and the columns to filter by.

const campaignId = defineSearchAttributeKey('CampaignId', 'KEYWORD')
const campaignState = defineSearchAttributeKey('CampaignState', 'KEYWORD')
const categories = defineSearchAttributeKey('Categories', 'KEYWORD_LIST')
const sendAt = defineSearchAttributeKey('SendAt', 'DATETIME')
const recipients = defineSearchAttributeKey('Recipients', 'INT')
const sent = defineSearchAttributeKey('Sent', 'INT')

export const progressOf = (run: CampaignRun): Progress => ({
  ...run.description,
  audience: run.plan?.audience ?? null,
  candidates: run.plan?.candidates ?? null,
  counts: run.settled,
  pass: run.pass,
  hold: run.hold,
})

/** Costs nothing: the details are asked for when somebody looks. */
export const showDetails = (run: CampaignRun): void => setCurrentDetails(details(run))

/** Costs one history event: at changes of state, and now and then while sending. */
export function publish(run: CampaignRun): void {
  showDetails(run)
  const { description, plan } = run
  upsertSearchAttributes([
    { key: campaignId, value: description.campaignId },
    { key: campaignState, value: description.state },
    { key: categories, value: description.categories },
    { key: sendAt, value: new Date(description.sendAt) },
    { key: recipients, value: plan?.audience ?? 0 },
    { key: sent, value: run.settled.sent },
  ])
}

function details(run: CampaignRun): string {
  const { description } = run
  return [
    `### ${description.title}`,
    `**${description.state}** ${because(run)}`,
    '',
    '| | |',
    '|---|---|',
    `| key | \`${description.key}\` |`,
    `| categories | ${description.categories.join(', ') || 'none: everyone of the segments'} |`,
    `| send at | ${description.sendAt} |`,
    ...progressRows(run),
    // The page cuts off the last line.
    '',
    '\u00a0',
  ].join('\n')
}

function because(run: CampaignRun): string {
  const { state, pausedBy, pauseReason, sendAt } = run.description
  if (state === 'paused')
    return `by ${pausedBy ?? 'somebody'}${pauseReason ? `: ${pauseReason}` : ''}. Send the update \`resume\` to go on.`
  if (state === 'scheduled') return `until ${sendAt}`
  if (state === 'cancelled') return `by ${pausedBy ?? 'somebody'}${pauseReason ? `: ${pauseReason}` : ''}`
  return ''
}

function progressRows({ plan, settled, pass, outstanding, hold }: CampaignRun): string[] {
  if (plan === null) return []
  const done = totalOf(settled) - settled.queued - settled.claimed
  const percent = plan.audience === 0 ? 100 : Math.floor((100 * done) / plan.audience)
  return [
    `| audience | ${plan.audience} of ${plan.candidates} candidates |`,
    `| done | ${done} (${percent} %)${pass > 1 ? `, round ${pass}` : ''} |`,
    ...fates.filter((fate) => settled[fate] > 0).map((fate) => `| ${fate} | ${settled[fate]} |`),
    ...(hold === null ? [] : [`| held | by the limit of ${hold.by} until ${hold.until} |`]),
    ...(outstanding?.retryAt ? [`| next try | ${outstanding.retryAt} for ${outstanding.queued} recipients |`] : []),
  ]
}
