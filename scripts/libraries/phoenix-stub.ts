import type { Trip } from './row.ts'
import { json, startStub } from './server.ts'

/** A stub of Phoenix channels: each join is accepted, each event is answered by what it brought, and sent to the channel. */
export function startPhoenix(trip: Trip): Promise<number> {
  return startStub(trip, (text, peer, data, binary) => {
    if (binary) return peer.send(toBroadcast(data))
    const message = JSON.parse(text)
    // Version 2 has lists, version 1 has objects.
    const isList = Array.isArray(message)
    const [joinRef, ref, topic, event, payload] = isList
      ? message
      : [message.join_ref, message.ref, message.topic, message.event, message.payload]
    const send = (ref: string | null, event: string, payload: unknown): void => {
      peer.send(
        json(isList ? [joinRef, ref, topic, event, payload] : { join_ref: joinRef, ref, topic, event, payload }),
      )
    }
    const isOfProtocol = event.startsWith('phx_') || event === 'heartbeat'
    send(ref, 'phx_reply', { status: 'ok', response: isOfProtocol ? {} : payload })
    if (!isOfProtocol) send(null, event, payload)
  })
}

/** Supabase's binary form of a broadcast: what a client pushes (kind 3), as the clients of the channel get it (kind 4). */
function toBroadcast(push: Buffer): Buffer {
  const [, joinRef = 0, ref = 0, topic = 0, event = 0, metadata = 0, encoding = 0] = push
  const start = 7 + joinRef + ref
  return Buffer.concat([Buffer.from([4, topic, event, metadata, encoding]), push.subarray(start)])
}
