export interface Slots {
  /** Resolves when it is the caller's turn, in the order of asking. */
  take: () => Promise<void>
  free: () => void
}

/** Lets a number of callers in at a time. */
export function createSlots(count: number): Slots {
  let left = count
  const waiting: (() => void)[] = []
  return {
    take: () => {
      if (left === 0) return new Promise((resolve) => waiting.push(resolve))
      left -= 1
      return Promise.resolve()
    },
    free: () => {
      const next = waiting.shift()
      if (next === undefined) left += 1
      else next()
    },
  }
}
