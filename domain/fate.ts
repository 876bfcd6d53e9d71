/** What becomes of one recipient (SPEC: a recipient's fate). */
export const fates = ['queued', 'claimed', 'sent', 'failed', 'skipped', 'unknown'] as const
export type Fate = (typeof fates)[number]

/** How many recipients stand in each fate. The six always sum to the audience. */
export type FateCounts = Record<Fate, number>

export const noFates = (): FateCounts => ({ queued: 0, claimed: 0, sent: 0, failed: 0, skipped: 0, unknown: 0 })

/** The recipients of these counts: the audience, when they cover a whole campaign. */
export const totalOf = (counts: FateCounts): number => fates.reduce((sum, fate) => sum + counts[fate], 0)

/** Nothing more will be done for these recipients without an operator. */
export const isAccountedFor = (counts: FateCounts): boolean => counts.queued === 0 && counts.claimed === 0

/**
 * Why a recipient `failed`: the server's refusal, temporary refusals without end, our own template on its data, or an
 * operator's word about a recipient of unknown fate.
 */
export type FailureReason = 'refused' | 'deferred_too_often' | 'template' | 'settled_by_operator'
