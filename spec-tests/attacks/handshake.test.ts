import { handshakeAttacks } from './catalogue/handshake.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('handshake', handshakeAttacks)
