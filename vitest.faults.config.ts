import { defineConfig } from 'vitest/config'

// `npm run faults`: hurting what runs, and comparing what the mail server took with what the ledger says. Those in
// *.test.ts are part of `npm test` as well, with small campaigns; the others have to wait for somebody's patience.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.{test,faults}.ts'],
    setupFiles: ['test/setup/at-end.ts'],
    globalSetup: ['test/setup/servers.ts'],
    provide: { faultSize: 20_000 },
    // One campaign at a time has the machine.
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
  },
})
