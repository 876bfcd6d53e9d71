import type { TestProject } from 'vitest/node'
import { startServers } from '../setup/servers.ts'

/** The usual servers, but Temporal asks for a new run after 40 events instead of 4,096: histories stay short. */
export const setup = (project: TestProject) =>
  startServers(project, ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'])
