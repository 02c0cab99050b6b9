import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program, runtime } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'workerd',
  runtime: 'workerd',
  command({ port, tlsPort, folder }) {
    // It reads files beside its configuration alone.
    copyFileSync(program('workerd.js'), join(folder, 'worker.js'))
    const file = join(folder, 'config.capnp')
    writeFileSync(
      file,
      `using Workerd = import "/workerd/workerd.capnp";
      const config :Workerd.Config = (
        services = [(name = "main", worker = .worker)],
        sockets = [
          (name = "plain", address = "127.0.0.1:${port}", http = (), service = "main"),
          (name = "tls", address = "127.0.0.1:${tlsPort}", service = "main", https = (
            options = (),
            tlsOptions = (keypair = (privateKey = embed "key.pem", certificateChain = embed "cert.pem")),
          )),
        ],
      );
      const worker :Workerd.Worker = (
        modules = [(name = "main", esModule = embed "worker.js")],
        compatibilityDate = "2026-01-01",
        compatibilityFlags = ["web_socket_compression"],
      );`,
    )
    return { words: [runtime('workerd'), 'serve', file] }
  },
  lacks: { fragments: 'it sends none' },
}
