import { parseArgs } from 'node:util'

/** What somebody typed wrong. */
export class UsageError extends Error {}

/** How one option is written and read. `given` is undefined where it was left out. */
interface Option<T> {
  shown: string
  isFlag: boolean
  read: (given: string | boolean | undefined) => T
}

export const wholeNumber = (byDefault: number): Option<number> => ({
  shown: String(byDefault),
  isFlag: false,
  read: (given) => {
    const value = given === undefined ? byDefault : Number(given)
    if (Number.isSafeInteger(value) && value > 0) return value
    throw new UsageError(`${String(given)} is not a whole number above 0`)
  },
})

export const oneOf = <T extends string>(byDefault: T, ...others: T[]): Option<T> => ({
  shown: [byDefault, ...others].join('|'),
  isFlag: false,
  read: (given) => {
    const chosen = [byDefault, ...others].find((each) => each === (given ?? byDefault))
    if (chosen !== undefined) return chosen
    throw new UsageError(`${String(given)} is none of ${[byDefault, ...others].join(', ')}`)
  },
})

export const folder: Option<string | null> = {
  shown: '<folder>',
  isFlag: false,
  read: (given) => (typeof given === 'string' ? given : null),
}

export const flag: Option<boolean> = { shown: '', isFlag: true, read: (given) => given === true }

/** A benchmark with what it can be told. */
export interface Command {
  does: string
  /** Its options with their defaults. */
  usage: string
  /** @throws {UsageError} before anything is started. */
  run: (args: string[]) => Promise<object>
}

export function command<Options>(
  does: string,
  options: { [Name in keyof Options]: Option<Options[Name]> },
  run: (options: Options) => Promise<object>,
): Command {
  const all = Object.entries<Option<unknown>>(options)
  return {
    does,
    usage: all.map(([name, { shown }]) => `[--${written(name)}${shown && ` ${shown}`}]`).join(' '),
    run: (args) => {
      const given = valuesIn(args, all)
      const read = all.map(([name, option]) => [name, option.read(given[written(name)])])
      return run(Object.fromEntries(read) as Options)
    },
  }
}

function valuesIn(args: string[], all: [string, Option<unknown>][]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(
    all.map(([name, { isFlag }]) => [written(name), { type: isFlag ? 'boolean' : 'string' } as const]),
  )
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** `cpuProf` is `cpu-prof` on the command line. */
const written = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
