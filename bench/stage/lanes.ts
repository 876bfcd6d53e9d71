/** Works on everything in order, this many at once. */
export async function inLanes<T>(all: readonly T[], lanes: number, work: (each: T) => Promise<void>): Promise<void> {
  // One iterator for all lanes: each takes what is next.
  const next = all.values()
  const lane = async (): Promise<void> => {
    for (const each of next) await work(each)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
