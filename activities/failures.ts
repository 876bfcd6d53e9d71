import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import { Refusal } from '../domain/refusal.ts'
import { refusedFailure } from '../workflows/contract.ts'

/** A refusal of ours crosses to Temporal as a failure that is not tried again; anything else passes untouched. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal) throw ApplicationFailure.nonRetryable(error.message, refusedFailure, error.details)
    throw error
  }
}

/** Nobody answers at the SMTP server. Temporal tries again, later each time, until somebody does. */
export const smtpUnavailable = (response: string): ApplicationFailure =>
  ApplicationFailure.retryable(`the SMTP server is unavailable: ${response}`, 'SmtpUnavailable')

/** This worker stops; another one, or this one's successor, goes on at once from the rows. */
export const workerStops = (): ApplicationFailure =>
  ApplicationFailure.create({
    message: 'the worker is shutting down; its claims were finished or given back',
    type: 'WorkerShutdown',
    nextRetryDelay: 500,
    category: ApplicationFailureCategory.BENIGN,
  })
