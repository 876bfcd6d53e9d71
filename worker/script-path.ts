import { fileURLToPath } from 'node:url'

/** A script of ours as a file to run: its source where we run from sources, its build where we run from there. */
export const scriptPath = (path: string, from: string): string =>
  fileURLToPath(new URL(from.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js'), from))
