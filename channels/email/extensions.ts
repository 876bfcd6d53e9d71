/** The keywords of the service extensions that a server has announced, in capitals (RFC 5321 4.1.1.1). */
export type Extensions = ReadonlySet<string>

/** Reads them from the whole reply to EHLO. The first line is the server's name and greeting. */
export const extensionsOf = (hello: string): Extensions =>
  new Set(
    hello
      .split(/\r?\n/)
      .slice(1)
      .flatMap((line) => /^250[ -]([A-Za-z0-9-]+)/.exec(line)?.[1]?.toUpperCase() ?? []),
  )
