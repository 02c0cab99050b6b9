import { tlsAttacks } from './catalogue/tls.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('TLS', tlsAttacks)
