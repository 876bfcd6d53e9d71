// The bundle that workers run: every export is a workflow type.
export { campaign } from './campaign.ts'
export { deliverEvents } from './deliver-events.ts'
export { optIn } from './opt-in.ts'
export { sweep } from './sweep.ts'
export { unsubscribe } from './unsubscribe.ts'
