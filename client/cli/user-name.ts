import { userInfo } from 'node:os'

/** Who gives a command, when nobody else is named. In a container the user may have no name. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? ''}`.trim()
  }
}
