import { defineConfig } from 'vitest/config'

// `npm run faults`: minutes of hurting what runs, and comparing what the mail server took with what the ledger says.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.faults.ts'],
    setupFiles: ['test/setup/at-end.ts'],
    globalSetup: ['test/setup/servers.ts'],
    hookTimeout: 60_000,
  },
})
