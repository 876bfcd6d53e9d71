import { type Command, Option } from 'commander'
import type { Match } from '../../domain/audience-rule.ts'
import type { CampaignDefinition } from '../../domain/campaign-definition.ts'
import type { OnUncertain } from '../../domain/campaign-state.ts'
import { collect } from './arguments.ts'

/** What the options of a campaign say. */
export interface DefinitionOptions {
  key?: string
  title?: string
  resource?: string
  message?: string
  category?: string[]
  match: Match
  segment?: string[]
  excludeSegment?: string[]
  doNotSendTo?: string[]
  respectUnsubscribesOf?: string[]
  defaultLanguage?: string
  sendAt?: string
  now?: true
  onUncertain: OnUncertain
}

/** @param required whether a campaign is to be made of them: without a key, a sender and a message there is none. */
export function addDefinitionOptions(command: Command, { required }: { required: boolean }): Command {
  const needed = (flags: string, text: string) => new Option(flags, text).makeOptionMandatory(required)
  return command
    .addOption(needed('--key <key>', 'names the campaign for ever: the same key is the same campaign'))
    .addOption(needed('--resource <key>', 'on whose behalf it goes out'))
    .addOption(needed('--message <folder>', 'holds <language>.subject.liquid, .text.liquid and .html.liquid'))
    .option('--category <key>', "only its subscribers, and what the mail's unsubscribe ends; repeatable", collect)
    .addOption(new Option('--match <how>', 'of several categories').choices(['any', 'all']).default('any'))
    .option('--segment <key>', 'only its members; repeatable', collect)
    .option('--exclude-segment <key>', 'none of its members; repeatable', collect)
    .option('--do-not-send-to <category>', 'none of its subscribers; repeatable', collect)
    .option('--respect-unsubscribes-of <category>', 'nobody who left it; repeatable', collect)
    .option('--default-language <tag>', 'for contacts of other languages; needed when there are several')
    .option('--send-at <time>', 'ISO 8601 with an offset, such as 2030-01-31T09:00:00+01:00')
    .option('--now', 'instead of --send-at')
    .option('--title <text>', 'what operators read; the key when left out')
    .addOption(
      new Option('--on-uncertain <policy>', 'what a crash left without an answer: hold for an operator, or resend')
        .choices(['hold', 'resend'])
        .default('hold'),
    )
}

/** The definition that the client checks: what is missing here it names. */
export function definitionOf(options: DefinitionOptions, content: CampaignDefinition['content']): CampaignDefinition {
  const { title, defaultLanguage, sendAt, now, match, onUncertain } = options
  return {
    key: options.key ?? '',
    resource: options.resource ?? '',
    content,
    categories: options.category ?? [],
    match,
    segments: options.segment ?? [],
    excludeSegments: options.excludeSegment ?? [],
    doNotSendTo: options.doNotSendTo ?? [],
    respectUnsubscribesOf: options.respectUnsubscribesOf ?? [],
    onUncertain,
    ...(title !== undefined && { title }),
    ...(defaultLanguage !== undefined && { defaultLanguage }),
    ...(sendAt !== undefined && { sendAt }),
    ...(now && { now }),
  }
}
