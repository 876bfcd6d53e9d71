import { z } from 'zod'
import type { Consent } from '../../db/consents.ts'
import type { SubscriptionType } from '../../db/subscription-types.ts'
import { instant, legalBases } from '../api/shapes.ts'

// Fields and enums are those of HubSpot's own client, @hubspot/api-client 14 (codegen/communication_preferences).

export const definition = z.object({
  id: z.string(),
  businessUnitId: z.number(),
  name: z.string(),
  description: z.string(),
  purpose: z.string().optional(),
  communicationMethod: z.string(),
  isActive: z.boolean(),
  isDefault: z.boolean(),
  isInternal: z.boolean(),
  createdAt: instant,
  updatedAt: instant,
})

export const status = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(['SUBSCRIBED', 'NOT_SUBSCRIBED']),
  sourceOfStatus: z.enum(['PORTAL_WIDE_STATUS', 'BRAND_WIDE_STATUS', 'SUBSCRIPTION_STATUS']),
  brandId: z.number(),
  legalBasis: z.enum(legalBases).optional(),
  legalBasisExplanation: z.string().optional(),
})

/** A resource is HubSpot's brand, which it calls a business unit too. */
export const definitionOf = (type: SubscriptionType): z.output<typeof definition> => ({
  id: type.id,
  businessUnitId: Number(type.resourceId),
  name: type.name,
  description: type.description ?? '',
  ...(type.purpose !== null && { purpose: type.purpose }),
  communicationMethod: type.communicationMethod ?? 'Email',
  isActive: type.isActive,
  isDefault: type.isDefault,
  isInternal: type.isInternal,
  createdAt: type.createdAt.toISOString(),
  updatedAt: type.updatedAt.toISOString(),
})

const sources = {
  everything: 'PORTAL_WIDE_STATUS',
  resource: 'BRAND_WIDE_STATUS',
  category: 'SUBSCRIPTION_STATUS',
} as const

/**
 * What waits for a confirmation is not subscribed. A ground that came with a file in other words is no ground to
 * HubSpot's clients: only those of its list are told.
 * @param consent undefined: the address is nobody's, and so not subscribed even where silence is a yes.
 */
export function statusOf(type: SubscriptionType, consent: Consent | undefined): z.output<typeof status> {
  const basis = legalBases.find((each) => each === consent?.legalBasis)
  const explanation = consent?.explanation ?? null
  return {
    id: type.id,
    name: type.name,
    description: type.description ?? '',
    status: consent?.status === 'subscribed' ? 'SUBSCRIBED' : 'NOT_SUBSCRIBED',
    sourceOfStatus: sources[consent?.source ?? 'category'],
    brandId: Number(type.resourceId),
    ...(basis !== undefined && { legalBasis: basis }),
    ...(explanation !== null && { legalBasisExplanation: explanation }),
  }
}

/** Fields that it does not know are left unread, as HubSpot leaves them. */
export const update = z.object({
  emailAddress: z.unknown().optional(),
  subscriptionId: z.unknown().optional(),
  legalBasis: z.unknown().optional(),
  legalBasisExplanation: z.unknown().optional(),
})
