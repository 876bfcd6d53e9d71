import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Two cores: more files at once make each slower, not the run shorter.
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'real',
          include: ['test/{db,http,workflows,cli,e2e,faults}/**/*.test.ts'],
          setupFiles: ['test/setup/at-end.ts'],
          globalSetup: ['test/setup/servers.ts'],
          provide: { faultSize: 2000 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
