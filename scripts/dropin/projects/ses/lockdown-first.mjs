import 'ses'

lockdown()
await import('./client.mjs')
