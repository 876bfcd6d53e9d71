/** Data, for people or programs. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Everything that is not data: what happened, what to know. */
export const notice = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const warn = (warnings: readonly string[]): void => {
  for (const warning of warnings) notice(`warning: ${warning}`)
}

/** What every command that shows something takes. */
export interface ReadOptions {
  json?: true
}

/** The same value for a program or for a person. Instants are ISO 8601 in JSON. */
export function show<T>(value: T, { json }: ReadOptions, forPeople: (value: T) => string): void {
  print(json === true ? JSON.stringify(value, null, 2) : forPeople(value))
}
