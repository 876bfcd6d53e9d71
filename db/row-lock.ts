/** How firmly a row is held: against deleting, against any change beside it, against everybody (PostgreSQL 13.3.2). */
export type RowLock = 'forKeyShare' | 'forNoKeyUpdate' | 'forUpdate'
