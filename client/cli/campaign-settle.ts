import { type Command, Option } from 'commander'
import type { UnknownVerdict } from '../../db/settle-unknown.ts'
import { wholeNumber } from './arguments.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { userName } from './user-name.ts'

interface SettleOptions extends ReadOptions {
  as: UnknownVerdict
  seq?: number[]
  by: string
}

const verdicts = ['sent', 'failed', 'resend'] as const satisfies UnknownVerdict[]

/** The last word about recipients of unknown fate is a person's. */
export function addSettle(campaigns: Command): void {
  campaigns
    .command('settle')
    .description(
      'Settles recipients of unknown fate by your word. sent: the mail server took the message. failed: it did not, and ' +
        'they are not tried again. resend: send to them again, under the same Message-ID; a finished campaign goes on.',
    )
    .argument('<campaign>', 'key or id')
    .addOption(new Option('--as <verdict>', 'what you know').choices(verdicts).makeOptionMandatory())
    .option('--seq <numbers...>', 'only these; see campaigns recipients --state unknown', collect)
    .option('--by <name>', 'who', userName())
    .option('--json', 'print as JSON')
    .action(settle)
}

const collect = (value: string, before: number[] | undefined): number[] => [...(before ?? []), wholeNumber(1)(value)]

const settle = (campaign: string, { as, seq, by, json }: SettleOptions): Promise<void> =>
  withAddressee(async ({ campaigns }) => {
    const result = await campaigns.settle(campaign, as, { by, ...(seq && { seqs: seq }) })
    show(result, { ...(json && { json }) }, ({ settled }) => `${settled} settled as ${as}`)
  })
