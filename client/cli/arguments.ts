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

/** A number above 0, as people write it. */
export function positiveNumber(value: string): number {
  const number = Number(value)
  if (/^\d*\.?\d+$/.test(value) && number > 0) return number
  throw new InvalidArgumentError('It must be a number above 0.')
}

/** Whole numbers from 1 on, with commas between them. */
export function wholeNumbers(value: string): number[] {
  if (/^\d{1,9}(,\d{1,9})*$/.test(value)) return value.split(',').map(wholeNumber(1))
  throw new InvalidArgumentError('Write it as 500,1000,2000.')
}
