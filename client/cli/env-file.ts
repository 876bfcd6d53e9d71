import { ConfigError } from '../../domain/settings.ts'

/**
 * Reads `.env` of the working directory, when there is one. What the environment has already wins.
 * @throws ConfigError when there is one that cannot be read: its settings would be missed silently.
 */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw new ConfigError([
      { field: '.env', rule: `cannot be read (${code})`, remedy: 'Let us read it, or remove it.' },
    ])
  }
}
