import { type Command, Option } from 'commander'
import type { CategoryPatch } from '../../domain/category-settings.ts'
import { collect } from './arguments.ts'
import { cleared, type Frequency, frequencyRule, settingsOf } from './setting-values.ts'

/** What `withSettings` reads, as the parser names it. */
export interface SettingOptions {
  description?: string
  consent?: 'opt_in' | 'opt_out'
  channel?: string[]
  purpose?: string
  communicationMethod?: string
  default?: boolean
  internal?: boolean
  required?: boolean
  listed?: boolean
  doubleOptIn?: boolean
  frequency?: Frequency[]
  clear?: string[]
}

/** The options that stand for the settings of a category. */
export const withSettings = (command: Command): Command =>
  command
    .option('--description <text>', 'what subscribers may expect')
    .addOption(
      new Option('--consent <kind>', 'who said nothing: is not subscribed (opt_in), or is (opt_out)').choices([
        'opt_in',
        'opt_out',
      ]),
    )
    .option('--channel <name>', 'applies to this channel only; repeatable', collect)
    .option('--purpose <text>', 'such as Marketing')
    .option('--communication-method <text>', 'such as Email')
    .option('--default', 'one of those that are offered first')
    .option('--no-default', 'not offered first (default)')
    .option('--internal', 'shown to nobody outside')
    .option('--no-internal', 'no secret (default)')
    .option('--required', 'on the preference page nobody can leave it')
    .option('--no-required', 'everybody can leave it there (default)')
    .option('--listed', 'shown on the preference page (default)')
    .option('--no-listed', 'not shown there')
    .option('--double-opt-in', 'who subscribes is asked by mail to confirm')
    .option('--no-double-opt-in', 'who subscribes is subscribed (default)')
    .option('--frequency <messages/window>', 'at most so many, as in 3/7d or 1/12h; repeatable', frequencyRule)

/** Options whose names are not those of the settings. */
const spelled = {
  channel: 'channels',
  default: 'isDefault',
  internal: 'isInternal',
  required: 'isRequired',
  listed: 'isListed',
  frequency: 'frequencyPolicy',
} as const

/** The settings that options name. */
export const settingsFrom = ({ clear, ...options }: SettingOptions): CategoryPatch => ({
  ...settingsOf(options, spelled),
  ...cleared(clear, spelled),
})
