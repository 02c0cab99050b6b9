import { closingAttacks } from './catalogue/closing.ts'
import { describeAttacks } from './describe-attacks.ts'

describeAttacks('closing', closingAttacks)
