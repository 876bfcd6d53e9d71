/** For people: standard output is for the line of JSON alone. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)
