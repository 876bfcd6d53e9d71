import { afterAll } from 'vitest'

// Loaded before every test file (vitest's setupFiles). A hook that is registered inside another hook or a test never
// runs; this one is registered in time, and whatever is opened anywhere in the file is released by it.

const releases: (() => unknown)[] = []

/** Releases something when the test file is done: last opened, first released. */
export const atEnd = (release: () => unknown): void => void releases.push(release)

afterAll(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
})
