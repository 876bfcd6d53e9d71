import { InvalidArgumentError } from 'commander'

/** `3/7d` or `1/12h`: at most so many messages in any window of so many days or hours. For a repeatable option. */
export function frequencyRule(value: string, previous: Frequency[] = []): Frequency[] {
  const [, messages, length, unit] = /^(\d{1,5})\/(\d{1,4})([hd])$/.exec(value) ?? []
  if (messages === undefined) throw new InvalidArgumentError('Write it as 3/7d or 1/12h.')
  return [...previous, { messages: Number(messages), [unit === 'h' ? 'hours' : 'days']: Number(length) }]
}

export interface Frequency {
  messages: number
  hours?: number
  days?: number
}

/** `email`, or `sms={"callerId":"ACME"}`. For a repeatable option. */
export function channelSettings(value: string, previous: Channels = {}): Channels {
  const [name = '', ...rest] = value.split('=')
  const settings = rest.length === 0 ? {} : jsonObject(rest.join('='))
  return { ...previous, [name]: settings }
}

export type Channels = Record<string, Record<string, unknown>>

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Write it as sms={"callerId":"ACME"}.')
}

/** What options are called where the setting is called otherwise. */
type Spelled = Readonly<Record<string, string>>

const settingOf = (option: string, spelled: Spelled): string =>
  (Object.hasOwn(spelled, option) ? spelled[option] : undefined) ?? option

/** The settings that options name. */
export const settingsOf = (options: object, spelled: Spelled): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([option, value]) => [settingOf(option, spelled), value]))

/** Options as people write them, to the patch that takes their settings back. */
export const cleared = (options: readonly string[] = [], spelled: Spelled): Record<string, null> =>
  Object.fromEntries(
    options.map((option) => {
      const camelCase = option.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      return [settingOf(camelCase, spelled), null]
    }),
  )
