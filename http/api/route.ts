import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Addressee } from '../../client/addressee.ts'
import type { ApiKeyRow } from '../../db/api-keys.ts'
import type { Db } from '../../db/connect.ts'
import type { AccessGroup, Ownable, Owned } from '../../db/visible.ts'
import type { ApiScope } from '../../domain/api-key.ts'

export interface ApiDeps {
  db: Db
  addressee: Addressee
  log: Logger
}

/** One request that was let in. */
export interface Call<Params, Query, Body> {
  deps: ApiDeps
  /** Null on public routes only. */
  caller: ApiKeyRow | null
  /** What the caller may know of: every query for it is given this. */
  group: AccessGroup
  /** Who changes something, for the records. */
  by: string
  params: Params
  query: Query
  body: Body
  /** What the caller names, by key or id. @throws ApiError 404 when it is not there, or not for this caller. */
  find: (kind: Ownable, name: string) => Promise<Owned>
}

/** One line of the table that both the routes and the OpenAPI document are made from. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `:name` where a value stands. */
  path: string
  /** What the key must be allowed to do; `public`: no key is asked for. */
  scope: ApiScope | 'public'
  /** Concerns the whole installation: refused to keys with an access group. */
  whole?: true
  summary: string
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
  /** What is not declared here is not sent. Null: 204, nothing. */
  answer: z.ZodType | null
  handle: (call: Call<unknown, unknown, unknown>) => Promise<unknown>
}

type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined

/** A route whose handler gets what its own schemas have read. */
export const route = <
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  declared: Omit<Route, 'handle' | 'params' | 'query' | 'body'> & { params?: P; query?: Q; body?: B } & {
    handle: (call: Call<Read<P>, Read<Q>, Read<B>>) => Promise<unknown>
  },
): Route => declared as unknown as Route
