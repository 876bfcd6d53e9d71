import { z } from 'zod'
import { categorySchema } from '../../domain/category-settings.ts'
import { frequencyRules, id, instant, name } from './shapes.ts'

export const category = z
  .object({
    id,
    key: z.string(),
    resource: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    consent: z.enum(['opt_in', 'opt_out']),
    channels: z.array(z.string()).nullable().describe('Null: every channel.'),
    purpose: z.string().nullable(),
    communicationMethod: z.string().nullable(),
    isDefault: z.boolean(),
    isInternal: z.boolean(),
    isRequired: z.boolean().describe('Whoever is subscribed cannot unsubscribe on the preference page.'),
    isListed: z.boolean().describe('Shown on the preference page.'),
    doubleOptIn: z.boolean(),
    frequencyPolicy: frequencyRules,
    subscribed: z.int().describe('How many contacts have said yes.'),
    createdAt: instant,
    updatedAt: instant,
    archivedAt: instant.nullable(),
  })
  .meta({ id: 'Category' })

export const categoryParams = z.strictObject({ category: name })
export const categoryFields = categorySchema.omit({ key: true, resource: true })
