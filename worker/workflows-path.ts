import { fileURLToPath } from 'node:url'

/** The workflow bundle's entry: the sources when run from sources, the build when run from there. */
export const workflowsPath = fileURLToPath(
  new URL(`../workflows/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)
