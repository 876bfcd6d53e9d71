export const median = (values: number[]): number => percentile(values, 50)

/** The smallest value that this share of all, in percent, does not exceed. */
export const percentile = (values: number[], percent: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? Number.NaN

export const round2 = (value: number): number => Math.round(100 * value) / 100
