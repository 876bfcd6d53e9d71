// Loaded before a process's own code (`node --import`): its clock is wrong by so many seconds.

const wrongByMs = 1000 * Number(process.env['CLOCK_WRONG_BY_SECONDS'] ?? 0)
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...given: [] | [string | number | Date]) {
    super(...((given.length === 0 ? [RealDate.now() + wrongByMs] : given) as [number]))
  }

  static override now(): number {
    return RealDate.now() + wrongByMs
  }
} as DateConstructor
