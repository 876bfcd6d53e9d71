// The bundle that workers run: every export is a workflow type.
export { campaign } from './campaign.ts'
export { optIn } from './opt-in.ts'
