import { createRequire } from 'node:module'

/** By the package's own name: the sources and the build lie at different depths. */
export const version = (): string => createRequire(import.meta.url)('addressee/package.json').version
