import { type Command, Option } from 'commander'
import { type ResourcePatch, unsubscribeModes } from '../../domain/resource-settings.ts'
import { collect, wholeNumber } from './arguments.ts'
import { type DkimOptions, readDkim, withDkim } from './dkim-options.ts'
import { type Channels, channelSettings, cleared, type Frequency, frequencyRule, settingsOf } from './setting-values.ts'

/** What `withSettings` reads, as the parser names it. */
export interface SettingOptions extends DkimOptions {
  name?: string
  fromName?: string
  fromAddress?: string
  listLabel?: string
  listId?: string
  replyTo?: string
  replyToName?: string
  description?: string
  accessGroup?: string
  siteUrl?: string[]
  contactSource?: string[]
  trackingDomain?: string
  listUnsubscribe?: boolean
  calledUrl?: string
  unsubscribeMode?: (typeof unsubscribeModes)[number]
  unsubscribeTimer?: number
  unsubscribePageUrl?: string
  prohibitedReason?: string
  frequency?: Frequency[]
  raiseNewAddresses?: boolean
  colour?: string
  channel?: Channels
  clear?: string[]
}

/** What a resource must have; options of `update` otherwise. */
const needed = [
  ['--name <name>', 'what people call it'],
  ['--from-name <name>', 'sender as recipients see it'],
  ['--from-address <address>', 'address of the sender'],
  ['--list-label <text>', 'what List-ID shows to people, such as "Acme News"'],
  ['--list-id <domain>', 'what List-ID identifies the list by, such as news.acme.example'],
] as const

/** The options that stand for the settings of a resource. */
export function withSettings(command: Command, { isNew }: { isNew: boolean }): Command {
  for (const [flags, text] of needed)
    if (isNew) command.requiredOption(flags, text)
    else command.option(flags, text)
  return withDkim(withUnsubscribing(withGeneral(command)))
}

const withGeneral = (command: Command): Command =>
  command
    .option('--reply-to <address>', 'where answers go, when not to the sender')
    .option('--reply-to-name <name>', 'who takes them')
    .option('--description <text>', 'what it is for')
    .option('--access-group <name>', 'who may work with it')
    .option('--site-url <url>', 'site, form or application that it belongs to; repeatable', collect)
    .option('--contact-source <name>', 'only contacts of this source may subscribe; repeatable', collect)
    .option('--tracking-domain <domain>', 'default domain of links in its messages')
    .option('--channel <name[=json]>', 'channel with its settings; repeatable, in place of what was', channelSettings)
    .option('--frequency <messages/window>', 'at most so many, as in 3/7d or 1/12h; repeatable', frequencyRule)
    .option('--raise-new-addresses', 'an address that is new to it goes before the others of its contact')
    .option('--no-raise-new-addresses', 'the contact decides which goes first (default)')
    .option('--colour <#rrggbb>', 'of its pages')

const withUnsubscribing = (command: Command): Command =>
  command
    .option('--list-unsubscribe', 'mail carries List-Unsubscribe (default)')
    .option('--no-list-unsubscribe', 'mail carries no List-Unsubscribe')
    .option('--called-url <url>', 'called after an unsubscribe through that header')
    .addOption(new Option('--unsubscribe-mode <mode>', 'what a link does').choices(unsubscribeModes))
    .option('--unsubscribe-timer <seconds>', 'of the mode delayed: 1 to 1800', wholeNumber(1))
    .option('--unsubscribe-page-url <url>', 'a page of your own; {send_message_id} and {resource_token} are filled in')
    .option('--prohibited-reason <text>', 'of the mode prohibited: why one cannot unsubscribe')

/** Options whose names are not those of the settings. */
const spelled = {
  siteUrl: 'siteUrls',
  contactSource: 'contactSources',
  unsubscribeTimer: 'unsubscribeTimerSeconds',
  frequency: 'frequencyPolicy',
  raiseNewAddresses: 'raisesNewAddresses',
  channel: 'channels',
} as const

/** The settings that options name. */
export async function settingsFrom({ clear, ...options }: SettingOptions): Promise<ResourcePatch> {
  const dkim = await readDkim(options)
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => !name.startsWith('dkim')))
  return { ...settingsOf(given, spelled), ...(dkim && { dkim }), ...cleared(clear, spelled) }
}
