export interface ImportProgress {
  rows: number
  bytes: number
  /** Null when the input does not say how long it is. */
  totalBytes: number | null
}

/** rows = created + updated + unchanged + repeated + rejected. */
export interface ImportCounts {
  /** Records of the file below its header. */
  rows: number
  /** Contacts, by what their first row in the file did. */
  created: number
  updated: number
  unchanged: number
  /** Further rows of contacts that the file named before. */
  repeated: number
  rejected: number
  /** Values that were left out while their row was kept. */
  warnings: number
  /** New subscriptions: pairs of contact and category. */
  subscribed: number
  /** Contacts that the file's own column opted out, and that were not before. */
  optedOut: number
  /** Pairs of contact and category that were not subscribed, because the contact had refused. */
  refusalsKept: number
}

export interface ImportReport extends ImportCounts {
  /** Null when nothing was rejected or left out, or no file was asked for. */
  errorFile: string | null
  seconds: number
}

export const noCounts = (): ImportCounts => ({
  rows: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  repeated: 0,
  rejected: 0,
  warnings: 0,
  subscribed: 0,
  optedOut: 0,
  refusalsKept: 0,
})
