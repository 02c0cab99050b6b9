/**
 * Whether the host's EventTarget calls the property `on` + type of a target by itself, as that of workerd does. Elsewhere a
 * target has to add its handlers to its listeners.
 */
export function callsEventHandlers(): boolean {
  let called = false
  const target = new EventTarget() as { onprobe?(): void } & EventTarget
  target.onprobe = () => {
    called = true
  }
  target.dispatchEvent(new Event('probe'))
  return called
}
