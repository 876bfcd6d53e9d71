// `ms` exports no types under nodenext, which turns every Temporal duration into `any`:
// sleep('30 minuts') would compile. This project writes durations as milliseconds, and so says the type.
declare module 'ms' {
  export type StringValue = never
}
