import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A message folder with one English message. @returns its path. */
export function writeMessage(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  writeFileSync(join(path, 'en.subject.liquid'), 'Hello {{ contact.first_name | default: "friend" }}\n')
  writeFileSync(join(path, 'en.text.liquid'), text)
  return path
}

export const goodText = 'Hello {{ contact.first_name }}\n{{ unsubscribe_url }}\n'
