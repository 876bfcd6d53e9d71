import { InvalidArgumentError } from 'commander'

/** For an option that may be given several times. */
export const collect = (value: string, previous: string[] = []): string[] => [...previous, value]

/** A whole number from `least` on. */
export const wholeNumber =
  (least: number) =>
  (value: string): number => {
    const number = Number(value)
    if (/^\d{1,9}$/.test(value) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
  }
