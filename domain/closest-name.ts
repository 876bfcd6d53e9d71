/** The known name that a mistyped one most resembles; null when none is near enough to be meant. */
export function closestName(written: string, known: readonly string[]): string | null {
  const [best] = known
    .map((name) => ({ name, distance: editDistance(written, name) }))
    // Beyond a third of its letters it is another word, and a wrong guess is worse than none.
    .filter(({ name, distance }) => distance <= name.length / 3)
    .toSorted((a, b) => a.distance - b.distance)
  return best?.name ?? null
}

/** Levenshtein's distance: letters inserted, left out or replaced. One row of the matrix at a time. */
function editDistance(a: string, b: string): number {
  const start = Array.from({ length: b.length + 1 }, (_, column) => column)
  const last = Array.from(a).reduce<number[]>((above, letter, row) => {
    const current = [row + 1]
    for (const [column, other] of Array.from(b).entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    return current
  }, start)
  return last.at(-1) ?? 0
}
