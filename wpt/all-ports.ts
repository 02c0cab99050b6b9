import type { Port } from './port.ts'
import { ports as binary } from './ports/binary.ts'
import { ports as constructing } from './ports/constructor.ts'
import { ports as cookies } from './ports/cookies.ts'
import { ports as handshakes } from './ports/handshakes.ts'
import { ports as idlharness } from './ports/idlharness.ts'
import { ports as interfacesAttributes } from './ports/interfaces-attributes.ts'
import { ports as interfacesClose } from './ports/interfaces-close.ts'
import { ports as interfacesCloseEvent } from './ports/interfaces-close-event.ts'
import { ports as interfacesConstants } from './ports/interfaces-constants.ts'
import { ports as interfacesEvents } from './ports/interfaces-events.ts'
import { ports as interfacesSend } from './ports/interfaces-send.ts'
import { ports as rootBlockedPort } from './ports/root-blocked-port.ts'
import { ports as rootClose } from './ports/root-close.ts'
import { ports as rootCreate } from './ports/root-create.ts'
import { ports as rootOther } from './ports/root-other.ts'
import { ports as rootSend } from './ports/root-send.ts'
import { ports as streamClose } from './ports/stream-close.ts'
import { ports as streamOpen } from './ports/stream-open.ts'
import { ports as streamWrite } from './ports/stream-write.ts'

/** Every port, in the order of upstream's files; a list and not a directory scan, so that it loads in a browser too. */
export const ports: readonly Port[] = [
  ...rootClose,
  ...rootCreate,
  ...rootBlockedPort,
  ...rootSend,
  ...rootOther,
  ...binary,
  ...constructing,
  ...cookies,
  ...handshakes,
  ...idlharness,
  ...interfacesCloseEvent,
  ...interfacesAttributes,
  ...interfacesClose,
  ...interfacesConstants,
  ...interfacesEvents,
  ...interfacesSend,
  ...streamOpen,
  ...streamClose,
  ...streamWrite,
]
