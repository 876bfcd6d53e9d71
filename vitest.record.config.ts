import { defineConfig } from 'vitest/config'

// `npm run record`: runs every branch of every workflow for real and keeps its history for the replay test.
export default defineConfig({
  test: {
    include: ['test/record/**/*.record.ts'],
    setupFiles: ['test/setup/at-end.ts'],
    globalSetup: ['test/record/servers.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
