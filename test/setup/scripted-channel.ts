import type { Channel, Outcome, OutgoingMessage } from '../../channels/channel.ts'

export interface ScriptedChannel extends Channel {
  /** Addresses in the order in which they were handed over. */
  sent: string[]
  /** Decides what becomes of each message; by default it is accepted. */
  answer: (message: OutgoingMessage) => Outcome | Promise<Outcome>
}

export const accepted: Outcome = { kind: 'accepted', serverId: 'q1', response: '250 queued as q1' }

/** A channel without a wire: for tests of what happens around it. The real one has tests of its own. */
export function scriptedChannel(connections = 2): ScriptedChannel {
  const channel: ScriptedChannel = {
    sent: [],
    answer: () => accepted,
    compile: () => ({
      compose: (recipient) => ({ from: 'news@acme.example', to: recipient.address, raw: Buffer.from('') }),
    }),
    composeOptIn: ({ to }) => ({ from: 'news@acme.example', to: to.address, raw: Buffer.from('') }),
    transport: {
      provider: 'mail.test',
      connections,
      connectionsInUse: () => 0,
      capacity: connections,
      send: async (message) => {
        channel.sent.push(message.to)
        return channel.answer(message)
      },
      close: () => {},
    },
  }
  return channel
}
