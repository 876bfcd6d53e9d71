import type { Db } from './connect.ts'

/** In the transaction that has begun, or in one of its own: for work that stands alone as often as with other work. */
export const inTransaction = <T>(db: Db, work: (db: Db) => Promise<T>): Promise<T> =>
  db.isTransaction ? work(db) : db.transaction().execute(work)
