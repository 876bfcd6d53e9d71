import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where this user's programs keep what they can make again: nothing of it belongs into the repository. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  return join(userCacheFolder(env, platform), 'addressee')
}

function userCacheFolder(env: NodeJS.ProcessEnv, platform: string): string {
  const home = env['HOME'] ?? homedir()
  if (platform === 'darwin') return join(home, 'Library', 'Caches')
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local')
  // The specification of XDG folders: unset and empty are the same.
  return env['XDG_CACHE_HOME'] || join(home, '.cache')
}
