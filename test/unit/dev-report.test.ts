import { expect, test } from 'vitest'
import type { CampaignWithCounts } from '../../client/campaigns.ts'
import { progressLine } from '../../client/cli/campaign-watch.ts'
import { watchForStall } from '../../dev/campaign-progress.ts'
import { type Links, linkLines } from '../../dev/links.ts'
import { accountedFor, reportOf, reportTable } from '../../dev/report.ts'

const finished: CampaignWithCounts = {
  id: '7',
  key: 'newsletter-1',
  title: 'The newsletter',
  resource: 'acme',
  categories: ['news'],
  state: 'finished',
  pausedBy: null,
  pauseReason: null,
  sendAt: '2030-01-01T00:00:00.000Z',
  onUncertain: 'hold',
  audience: 10,
  candidates: 15,
  funnel: { included: 10, not_subscribed: 4, duplicate_address: 1 },
  createdAt: '2030-01-01T00:00:00.000Z',
  frozenAt: '2030-01-01T00:00:01.000Z',
  finishedAt: '2030-01-01T00:00:03.000Z',
  workflowId: 'campaign/7',
  counts: { queued: 0, claimed: 0, sent: 8, failed: 1, skipped: 1, unknown: 0 },
}
const links: Links = {
  temporalUi: 'http://ui',
  inbox: 'http://inbox',
  database: 'postgres://db',
  smtp: 'smtp://mail',
  unsubscribePage: 'http://edge/u/token',
  preferencePage: 'http://edge/p/token',
  httpApi: 'http://edge/v1/openapi.json',
  pendingUnsubscribes: 'http://ui/pending',
}

test('the report has what the last line must hold, with the page of this campaign', () => {
  expect(reportOf(finished, 2.00049, links)).toEqual({
    audience: 10,
    candidates: 15,
    funnel: { included: 10, not_subscribed: 4, duplicate_address: 1 },
    sent: 8,
    failed: 1,
    skipped: 1,
    unknown: 0,
    seconds: 2,
    ...links,
    temporalUi: 'http://ui/namespaces/default/workflows/campaign%2F7',
  })
})

test('accounted for means finished, every candidate in the funnel and every recipient with a fate', () => {
  expect(accountedFor(finished)).toBe(true)
  const { counts } = finished
  const lacking: Partial<CampaignWithCounts>[] = [
    { state: 'paused' },
    { counts: { ...counts, sent: 7 } },
    { counts: { ...counts, sent: 7, queued: 1 } },
    { counts: { ...counts, sent: 7, claimed: 1 } },
    { candidates: 16 },
    { audience: 9, counts: { ...counts, sent: 7 } },
    { funnel: null },
  ]
  for (const change of lacking) expect(accountedFor({ ...finished, ...change }), JSON.stringify(change)).toBe(false)
})

test('the table names every reason', () => {
  expect(reportTable(reportOf(finished, 2, links)).split('\n')).toEqual([
    '  candidates           15',
    '  - not_subscribed      4',
    '  - duplicate_address   1',
    '  audience             10',
    '  sent                  8',
    '  failed                1',
    '  skipped               1',
    '  unknown               0',
    '  seconds               2',
    '  messages a second     4',
  ])
})

test('the progress line, also before there is an audience', () => {
  const counts = { queued: 5, claimed: 1, sent: 3, failed: 0, skipped: 1, unknown: 0 }
  expect(progressLine({ ...finished, state: 'sending', counts }, 2)).toBe(
    `${finished.key}: sending, 40 % of 10: 3 sent, 0 failed, 1 skipped, 0 unknown, 2/s`,
  )
  const none = { queued: 0, claimed: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 }
  expect(progressLine({ ...finished, state: 'resolving', audience: null, counts: none }, 0)).toBe(
    `${finished.key}: resolving`,
  )
})

test('a campaign that does not move is told of once, until it moves again', () => {
  const told: number[] = []
  const clock = { now: 1000 }
  const watch = watchForStall(
    () => told.push(clock.now),
    () => clock.now,
  )
  for (; clock.now <= 61_000; clock.now += 1000) {
    const sent = clock.now < 31_000 ? 1 : 2
    watch({ ...finished, state: 'sending', counts: { ...finished.counts, sent } })
  }
  expect(told).toEqual([21_000, 51_000])
})

test('every link that there is has a line, and none that there is not', () => {
  const lines = (shown: Links) => linkLines(shown).map((line) => line.trim().split(/ {2,}/)[0])
  expect(lines(links)).toEqual([
    'inbox',
    'the campaign',
    'unsubscribe page',
    'preference page',
    'about to leave',
    'HTTP API',
  ])
  const ofOthers = { temporalUi: null, inbox: null, unsubscribePage: null, preferencePage: null }
  expect(lines({ ...links, ...ofOthers, pendingUnsubscribes: null })).toEqual(['HTTP API'])
})
